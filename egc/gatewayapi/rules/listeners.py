"""Listeners: protocol, allowed kinds and namespaces, and what comes of it.

https://gateway-api.sigs.k8s.io/reference/spec/#listener
"""

from dataclasses import replace

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode
from egc.gatewayapi.rules import conflicts, listenersets, namespaces, tls

GROUP = "gateway.networking.k8s.io"

UNSUPPORTED_PROTOCOL = Rule(
    code="EGC2012",
    severity=Severity.ERROR,
    title="listener protocol is not supported",
    explanation="egc serves listeners of protocol HTTP, HTTPS, TLS, TCP and UDP.",
    help="use HTTP, HTTPS, TLS, TCP or UDP",
    condition="Accepted/UnsupportedProtocol",
    lenient=True,
)
INVALID_ROUTE_KINDS = Rule(
    code="EGC2013",
    severity=Severity.ERROR,
    title="listener allows a kind of route that it cannot serve",
    explanation="""
        `allowedRoutes.kinds` may name only kinds that fit the listener's protocol: HTTPRoute and GRPCRoute for
        HTTP and HTTPS, TLSRoute for TLS (with `mode: Terminate` TCPRoute, too), TCPRoute for TCP, UDPRoute for UDP.
        """,
    condition="ResolvedRefs/InvalidRouteKinds",
)

_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_SERVED = ("HTTP", "HTTPS", "TLS", "TCP", "UDP")


def validate(graph: Graph, sink: Sink) -> None:
    """Create and judge the listeners of every Gateway and of the ListenerSets that it lets in."""
    for gateway in graph.gateways:
        specs = gateway.resource.spec.listeners
        gateway.listeners = [ListenerNode(gateway, gateway, spec, i) for i, spec in enumerate(specs)]
    listenersets.attach(graph, sink)
    for listener in graph.listeners():
        _flaws(graph, listener)
        _protocol(listener, sink)
    # Before the rest is judged: a listener with a certificate at fault must not lose its name to somebody else.
    conflicts.find(graph, sink)
    for listener in graph.listeners():
        _kinds(listener, sink)
        namespaces.validate_selector(listener, sink)
        tls.resolve(graph, listener, sink)
        _conclude(listener)
    for gateway in graph.gateways:
        _conclude_gateway(gateway)
        for found in gateway.sets:
            listenersets.conclude(found)


def _flaws(graph: Graph, listener: ListenerNode) -> None:
    """What an API server would refuse is not served."""
    for flaw in graph.flaws.of(listener.spec):
        listener.conditions.mark(flaw.rule, flaw.message)
        if not flaw.rule.condition:
            listener.conditions.set("Programmed", "Invalid", flaw.message, status=False)


def _protocol(listener: ListenerNode, sink: Sink) -> None:
    protocol = listener.spec.protocol
    if protocol not in _SERVED:
        at = listener.spec.at("protocol")
        listener.conditions.deny(UNSUPPORTED_PROTOCOL, at, f'protocol "{protocol}" is not supported', sink)


def _kinds(listener: ListenerNode, sink: Sink) -> None:
    possible = _possible(listener)
    allowed = listener.spec.allowed_routes
    if not allowed.kinds:
        listener.kinds = list(possible)
        return
    for kind in allowed.kinds:
        if kind.group in (None, GROUP) and kind.kind in possible:
            listener.kinds.append(kind.kind)
        else:
            protocol = listener.spec.protocol
            message = f'"{kind.kind}" of group "{kind.group}" cannot attach to a listener of protocol {protocol}'
            if listener.conditions.denied("Accepted"):
                listener.conditions.mark(INVALID_ROUTE_KINDS, message)  # of such a protocol, no kind fits
                continue
            help = f"one of {', '.join(possible)}"
            listener.conditions.deny(INVALID_ROUTE_KINDS, kind.at("kind"), message, sink, help=help)


def _possible(listener: ListenerNode) -> tuple[str, ...]:
    """The kinds of routes that fit a listener's protocol; what is not decrypted can only be told apart by its name."""
    tls = listener.spec.tls
    if listener.spec.protocol == "TLS" and tls is not None and tls.mode == "Passthrough":
        return ("TLSRoute",)
    return _KINDS.get(listener.spec.protocol, ())


def _conclude(listener: ListenerNode) -> None:
    """https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditiontype"""
    conditions, joined = listener.conditions, listener.owner is not listener.gateway
    invalid = "ListenersNotValid" if joined else "Invalid"
    if listener.gateway.conditions.denied("Accepted"):
        conditions.set("Programmed", invalid, "The Gateway cannot be served", status=False)
    elif listener.gateway.unbound:
        conditions.set("Programmed", invalid, "The Gateway has no address", status=False)
    conflict = conditions.by_type.get("Conflicted")
    if conflict is not None and joined:
        conditions.set("Accepted", conflict.reason, conflict.message, status=False)
        conditions.set("Programmed", conflict.reason, conflict.message, status=False)
    _certificates(listener)
    if any(conditions.denied(type) for type in conditions.by_type):
        conditions.set("Programmed", invalid, "Listener is invalid, see other conditions", status=False)
    else:
        conditions.set("Programmed", "Programmed", "Listener is part of the configuration")
        conditions.set("Accepted", "Accepted", "Listener is valid")
        if joined:
            conditions.set("Conflicted", "NoConflicts", "No other listener has its place", status=False)
    conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the listener are resolved")


def _certificates(listener: ListenerNode) -> None:
    """A listener is sound although its certificates are not; with one that can be presented, it is served."""
    conditions = listener.conditions
    found = conditions.by_type.get("ResolvedRefs")
    if found is None or found.reason != "InvalidCertificateRef" or len(conditions.by_type) > 1:
        return
    conditions.set("Accepted", "Accepted", "Listener is valid")
    if listener.certificates:
        conditions.by_type["ResolvedRefs"] = replace(found, reason="PartiallyInvalidCertificateRef")
        conditions.set("Programmed", "Programmed", "Listener is part of the configuration")


def _conclude_gateway(gateway: GatewayNode) -> None:
    """https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype"""
    bad = [listener.spec.name for listener in gateway.listeners if not listener.programmed]
    served = any(listener.programmed for listener in gateway.all_listeners())
    if bad:
        message = f"Listeners that are not valid: {', '.join(bad)}"
        gateway.conditions.set("Accepted", "ListenersNotValid", message, status=served)
    gateway.conditions.set("Accepted", "Accepted", "Gateway is valid")
    if served:
        gateway.conditions.set("Programmed", "Programmed", "Gateway is part of the configuration")
    else:
        gateway.conditions.set("Programmed", "Invalid", "No listener can be served", status=False)
