"""What a backend's ``appProtocol`` asks for, and whether a route can speak it.

https://gateway-api.sigs.k8s.io/geps/gep-1911/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Located, Rule, Severity
from egc.gatewayapi.graph import Backend, Fault

if TYPE_CHECKING:
    from egc.kube.core import Service

HTTP2 = frozenset({"kubernetes.io/h2c", "gateway.envoyproxy.io/h2c", "grpc"})
WEBSOCKET = frozenset(
    {"kubernetes.io/ws", "kubernetes.io/wss", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"}
)
_OVER_TLS = frozenset({"https", "kubernetes.io/wss", "gateway.envoyproxy.io/wss"})

NEEDS_TLS = Rule(
    code="EGC2201",
    severity=Severity.ERROR,
    title="backend wants TLS, and nothing says how",
    explanation="""
        A Service port with `appProtocol: https` or `kubernetes.io/wss` takes TLS alone. Whom to trust there is said by
        a BackendTLSPolicy; without one egc sends nothing rather than speak plain text.

        ```yaml
        kind: BackendTLSPolicy
        spec:
          targetRefs: [{group: "", kind: Service, name: accounts}]
          validation: {hostname: accounts.internal, wellKnownCACertificates: System}
        ```
        """,
    help="add a BackendTLSPolicy for it, or correct appProtocol",
    condition="ResolvedRefs/UnsupportedProtocol",
)
NOT_GRPC = Rule(
    code="EGC2202",
    severity=Severity.ERROR,
    title="gRPC to a backend that speaks WebSocket",
    explanation="""
        gRPC is HTTP/2. `appProtocol: kubernetes.io/ws` says that the port speaks HTTP/1.1 with WebSocket upgrades.
        """,
    help="use an HTTPRoute, or correct appProtocol",
    condition="ResolvedRefs/UnsupportedProtocol",
)


def problem(kind: str, backend: Backend) -> Fault | None:
    """Why a route of that kind cannot speak the backend's protocol; what is passed on unread always can."""
    if kind not in ("HTTPRoute", "GRPCRoute"):
        return None
    name, protocol = f'{backend.resource.kind} "{backend.resource.name}"', backend.protocol
    if kind == "GRPCRoute" and protocol in WEBSOCKET:
        rule, message = NOT_GRPC, f"{name} speaks {protocol}, which is no gRPC"
    elif protocol in _OVER_TLS and backend.tls is None:
        rule, message = NEEDS_TLS, f"{name} wants TLS ({protocol}), and no policy says how"
    else:
        return None
    at = _stated(backend)
    return Fault(rule, message, "name", related=((at, "its protocol"),) if at is not None else ())


def _stated(backend: Backend) -> Located | None:
    """Where the backend says its protocol."""
    if backend.resource.kind == "Service":
        ports = [p for p in cast("Service", backend.resource).spec.ports if p.port == backend.port]
        return next((p.at("appProtocol") for p in ports if p.app_protocol == backend.protocol), None)
    return backend.resource.at("spec", "appProtocols", 0)
