"""Listeners: protocol, allowed kinds and namespaces, and which of them cannot stand together on one port.

https://gateway-api.sigs.k8s.io/reference/spec/#listener
"""

from collections import defaultdict
from collections.abc import Iterable

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode
from egc.gatewayapi.rules import namespaces, tls

GROUP = "gateway.networking.k8s.io"

UNSUPPORTED_PROTOCOL = Rule(
    code="EGC2012",
    severity=Severity.ERROR,
    title="listener protocol is not supported",
    explanation="egc serves listeners of protocol HTTP and HTTPS.",
    help="use HTTP or HTTPS",
    condition="Accepted/UnsupportedProtocol",
    lenient=True,
)
INVALID_ROUTE_KINDS = Rule(
    code="EGC2013",
    severity=Severity.ERROR,
    title="listener allows a kind of route that it cannot serve",
    explanation="""
        `allowedRoutes.kinds` may name only kinds that fit the listener's protocol: HTTPRoute and GRPCRoute for
        HTTP and HTTPS.
        """,
    condition="ResolvedRefs/InvalidRouteKinds",
)
PROTOCOL_CONFLICT = Rule(
    code="EGC2010",
    severity=Severity.ERROR,
    title="one port, two protocols",
    explanation="""
        Listeners on one port must speak the same protocol: a connection to the port is either TLS or it is not.
        None of the listeners of a Gateway that disagree is served; between Gateways the older one keeps the port.
        """,
    help="give one of them another port",
    condition="Conflicted/ProtocolConflict",
)
HOSTNAME_CONFLICT = Rule(
    code="EGC2011",
    severity=Severity.ERROR,
    title="two listeners for one port and hostname",
    explanation="""
        Port, protocol and hostname together choose the listener, so two with the same cannot both be chosen.
        All Gateways of a build share one Envoy: the rule holds across them, and the older Gateway wins, unless
        they bind to different addresses (`spec.addresses`, or `addresses` in the host profile).
        """,
    help="change a port or a hostname, or merge the two listeners",
    condition="Conflicted/HostnameConflict",
)
NAME_TWICE = Rule(
    code="EGC2009",
    severity=Severity.ERROR,
    title="two listeners of one name",
    explanation="Routes and policies refer to a listener of a Gateway by its name, so each needs a name of its own.",
    help="rename one of them",
    condition="Programmed/Invalid",
)

_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_SERVED = ("HTTP", "HTTPS")


def validate(graph: Graph, sink: Sink) -> None:
    """Create and judge the listeners of every Gateway."""
    for gateway in graph.gateways:
        gateway.listeners = [ListenerNode(gateway, spec, i) for i, spec in enumerate(gateway.resource.spec.listeners)]
        _names(gateway, sink)
        for listener in gateway.listeners:
            _protocol(listener, sink)
            _kinds(listener, sink)
            namespaces.validate_selector(listener, sink)
            tls.resolve(graph.resources, listener, sink)
    _conflicts(graph, sink)
    for listener in graph.listeners():
        _conclude(listener)
    for gateway in graph.gateways:
        _conclude_gateway(gateway)


def _names(gateway: GatewayNode, sink: Sink) -> None:
    """Routes and policies mean a listener by its name."""
    first: dict[str, ListenerNode] = {}
    for listener in gateway.listeners:
        other = first.setdefault(listener.spec.name, listener)
        if other is not listener:
            related = [(other.spec.at("name"), "first here")]
            message = f'another listener is named "{listener.spec.name}"'
            listener.conditions.deny(NAME_TWICE, listener.spec.at("name"), message, sink, related=related)


def _protocol(listener: ListenerNode, sink: Sink) -> None:
    protocol = listener.spec.protocol
    if protocol not in _SERVED:
        at = listener.spec.at("protocol")
        listener.conditions.deny(UNSUPPORTED_PROTOCOL, at, f'protocol "{protocol}" is not supported', sink)


def _kinds(listener: ListenerNode, sink: Sink) -> None:
    possible = _KINDS.get(listener.spec.protocol, ())
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


def _conflicts(graph: Graph, sink: Sink) -> None:
    """Within a Gateway all that conflict lose; across Gateways on one address the older keeps what it has."""
    taken: dict[tuple[tuple[str, ...], int, bool], list[ListenerNode]] = defaultdict(list)
    for gateway in graph.gateways:
        ports: dict[tuple[int, bool], list[ListenerNode]] = defaultdict(list)
        for listener in gateway.listeners:
            ports[listener.spec.port, listener.spec.protocol == "UDP"].append(listener)
        for (port, udp), listeners in ports.items():
            older = taken[gateway.addresses, port, udp]
            for listener in listeners:
                _check(listener, [other for other in listeners if other is not listener] + older, sink)
            older += [listener for listener in listeners if not listener.conditions.denied("Conflicted")]


def _check(listener: ListenerNode, others: Iterable[ListenerNode], sink: Sink) -> None:
    for other in others:
        if _transport(other) != _transport(listener):
            rule, field = PROTOCOL_CONFLICT, "protocol"
            message = f"port {listener.spec.port} is both {other.spec.protocol} and {listener.spec.protocol}"
        elif other.hostname == listener.hostname:
            rule, field = HOSTNAME_CONFLICT, "hostname" if listener.spec.hostname else "port"
            where = "any hostname" if listener.hostname == "*" else f'hostname "{listener.hostname}"'
            message = f"another listener has port {listener.spec.port} and {where}"
        else:
            continue
        if other.gateway is listener.gateway and other.index > listener.index:
            listener.conditions.mark(rule, message)  # the later of the two is reported
        else:
            related = [(other.spec.at("name"), "conflicts with this one")]
            listener.conditions.deny(rule, listener.spec.at(field), message, sink, related=related)
        return


def _transport(listener: ListenerNode) -> str:
    """HTTPS and TLS listeners can share a port: SNI tells them apart."""
    return {"HTTPS": "TLS"}.get(listener.spec.protocol, listener.spec.protocol)


def _conclude(listener: ListenerNode) -> None:
    conditions = listener.conditions
    if listener.gateway.conditions.denied("Accepted"):
        conditions.set("Programmed", "Invalid", "The Gateway cannot be served", status=False)
    if conditions.by_type:
        conditions.set("Programmed", "Invalid", "Listener is invalid, see other conditions", status=False)
    else:
        conditions.set("Programmed", "Programmed", "Listener is part of the configuration")
        conditions.set("Accepted", "Accepted", "Listener is valid")
    conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the listener are resolved")


def _conclude_gateway(gateway: GatewayNode) -> None:
    """https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype"""
    bad = [listener for listener in gateway.listeners if not listener.programmed]
    accepted, reason = (True, "ListenersNotValid") if bad else (True, "Accepted")
    if len(bad) == len(gateway.listeners):
        accepted = False
    gateway.conditions.set(
        "Accepted", reason, f"{len(bad)} listeners are invalid" if bad else "Gateway is valid", status=accepted
    )
    if accepted:
        gateway.conditions.set("Programmed", "Programmed", "Gateway is part of the configuration")
    else:
        gateway.conditions.set("Programmed", "Invalid", "No listener can be served", status=False)
