"""Models of the Gateway API's kinds, a file for each; imported when the first such document is read."""

KINDS: dict[tuple[str, str], str] = {
    (f"gateway.networking.k8s.io/{version}", kind): f"egc.gatewayapi.models.{kind.lower()}:{kind}"
    for kind in ("GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant")
    for version in ("v1", "v1beta1")
}
