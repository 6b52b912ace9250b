"""Models of the Gateway API's kinds, a file for each; imported when the first such document is read."""

_VERSIONS = {
    "GatewayClass": ("v1", "v1beta1"),
    "Gateway": ("v1", "v1beta1"),
    "ListenerSet": ("v1",),
    "HTTPRoute": ("v1", "v1beta1"),
    "GRPCRoute": ("v1",),
    "TLSRoute": ("v1", "v1alpha3"),
    "TCPRoute": ("v1",),
    "UDPRoute": ("v1",),
    "ReferenceGrant": ("v1", "v1beta1"),
    "BackendTLSPolicy": ("v1", "v1alpha3"),
}
"""The versions that are served, of one schema. https://gateway-api.sigs.k8s.io/guides/versioning/"""

KINDS: dict[tuple[str, str], str] = {
    (f"gateway.networking.k8s.io/{version}", kind): f"egc.gatewayapi.models.{kind.lower()}:{kind}"
    for kind, versions in _VERSIONS.items()
    for version in versions
} | {
    ("gateway.networking.k8s.io/v1alpha2", kind): f"egc.gatewayapi.models.v1alpha2:{kind}"
    for kind in ("TLSRoute", "TCPRoute", "UDPRoute")
}
