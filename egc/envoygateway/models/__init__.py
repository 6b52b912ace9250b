"""Models of Envoy Gateway's kinds, a file for each, and a fragment for each feature; imported when first read."""

KINDS: dict[tuple[str, str], str] = {
    ("gateway.envoyproxy.io/v1alpha1", kind): f"egc.envoygateway.models.{module}:{kind}"
    for kind, module in {
        "Backend": "backend",
        "BackendTrafficPolicy": "backendtrafficpolicy",
        "ClientTrafficPolicy": "clienttrafficpolicy",
        "EnvoyGateway": "envoygateway_config",
        "HTTPRouteFilter": "httproutefilter",
        "SecurityPolicy": "securitypolicy",
    }.items()
}
