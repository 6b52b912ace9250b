"""Listeners that cannot stand together on one port.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec and, for ListenerSets,
https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ListenerSetNode
from egc.gatewayapi.validity.listeners import HOSTNAME_CONFLICT, clash
from egc.kube.resources import seniority

PROTOCOL_CONFLICT = Rule(
    code="EGC2010",
    severity=Severity.ERROR,
    title="one port, two protocols",
    explanation="""
        Listeners on one port must speak the same protocol: a connection to the port is either TLS or it is not.
        None of the listeners of a Gateway that disagree is served. Otherwise the first keeps the port: the older
        Gateway before the younger, a Gateway before its ListenerSets, the older ListenerSet before the younger.
        """,
    help="give one of them another port",
    condition="Conflicted/ProtocolConflict",
)
PORT_TAKEN = Rule(
    code="EGC2071",
    severity=Severity.ERROR,
    title="two listeners on one TCP or UDP port",
    explanation="""
        Nothing in a TCP connection or a datagram tells which of two listeners it is meant for, so a port has one
        listener at most. The first keeps it: the older Gateway before the younger, a Gateway before its ListenerSets,
        the older ListenerSet before the younger.
        """,
    help="give one of them another port",
    condition="Conflicted/ProtocolConflict",
)
ADDRESSES_OVERLAP = Rule(
    code="EGC2072",
    severity=Severity.ERROR,
    title="two Gateways share a part of their addresses",
    explanation="""
        Gateways on one port either have all addresses in common, and then they share Envoy's listeners, or none.
        Envoy cannot listen twice on the address that both have; the older Gateway keeps the port. A Gateway without
        addresses takes those that no other Gateway has.

        ```yaml
        addresses: [{value: 192.0.2.1}, {value: 192.0.2.2}]
        ```
        """,
    help="give both the same addresses, or none in common",
    condition="Accepted/PortUnavailable",
)

_Owner: TypeAlias = GatewayNode | ListenerSetNode
_Port: TypeAlias = tuple[int, bool]
_Addresses: TypeAlias = tuple[str, ...]


@dataclass
class _Taken:
    """What the first listeners of a port have, by their addresses."""

    everywhere: dict[_Addresses, ListenerNode] = field(default_factory=dict)
    transports: dict[_Addresses, dict[str, ListenerNode]] = field(default_factory=lambda: defaultdict(dict))
    hostnames: dict[tuple[_Addresses, str], ListenerNode] = field(default_factory=dict)

    def add(self, listener: ListenerNode) -> None:
        """Let a listener have its place, unless another has it already."""
        addresses = listener.gateway.addresses
        self.everywhere.setdefault(addresses, listener)
        self.transports[addresses].setdefault(_transport(listener), listener)
        self.hostnames.setdefault((addresses, listener.hostname), listener)


def find(graph: Graph, sink: Sink) -> None:
    """Within a Gateway or a ListenerSet all that conflict lose; otherwise the first of them keeps what it has."""
    taken: dict[_Port, _Taken] = defaultdict(_Taken)
    for owner in _by_precedence(graph):
        ports: dict[_Port, list[ListenerNode]] = defaultdict(list)
        for listener in filter(_stands, owner.listeners):
            ports[listener.spec.port, listener.spec.protocol == "UDP"].append(listener)
        for port, listeners in ports.items():
            left = [listener for listener in listeners if not _against_older(listener, taken[port], sink)]
            _among_siblings(left, sink)
            # Those that lost to their siblings keep the others out: which of them was meant nobody knows.
            for listener in left:
                taken[port].add(listener)


def _by_precedence(graph: Graph) -> Iterator[_Owner]:
    """Every Gateway that is served, the oldest first; then the ListenerSets in the same way."""
    served = [g for g in graph.gateways if not (g.unbound or g.conditions.denied("Accepted"))]
    yield from served
    yield from sorted((s for gateway in served for s in gateway.sets), key=lambda found: seniority(found.resource))


def _stands(listener: ListenerNode) -> bool:
    """Whether an API server would take the listener, and its protocol is known; else it takes no port from another."""
    return not (listener.conditions.denied("Accepted") or listener.conditions.denied("Programmed"))


def _against_older(listener: ListenerNode, taken: _Taken, sink: Sink) -> bool:
    """Whether one that came before has the place of a listener."""
    mine, spec, at = listener.gateway.addresses, listener.spec, "port"
    other = next((o for theirs, o in taken.everywhere.items() if theirs != mine and _share(mine, theirs)), None)
    strange = [o for transport, o in taken.transports.get(mine, {}).items() if transport != _transport(listener)]
    if other is not None:
        both = ", ".join(sorted(set(mine) & set(other.gateway.addresses))) or "all addresses"
        name = other.gateway.resource.name
        rule, message = ADDRESSES_OVERLAP, f'Gateway "{name}" has port {spec.port} of {both}, too'
    elif strange:
        other, rule, at, message = strange[0], PROTOCOL_CONFLICT, "protocol", _two_protocols(listener, strange[0])
    elif spec.protocol in ("TCP", "UDP"):
        other = taken.everywhere.get(mine)
        rule, message = PORT_TAKEN, f"another listener has {spec.protocol} port {spec.port}"
    else:
        other = taken.hostnames.get((mine, listener.hostname))
        rule, (at, message) = HOSTNAME_CONFLICT, clash(spec)
    if other is None:
        return False
    related = [(other.spec.at("name"), "conflicts with this one")]
    listener.conditions.deny(rule, spec.at(at), message, sink, related=related)
    return True


def _among_siblings(siblings: list[ListenerNode], sink: Sink) -> None:
    """Mark all of one owner that conflict with each other; of two the later is reported."""
    transports = {_transport(listener) for listener in siblings}
    by_hostname: dict[str, list[ListenerNode]] = defaultdict(list)
    for listener in siblings:
        by_hostname[listener.hostname].append(listener)
    for listener in siblings:
        _against(listener, siblings if len(transports) > 1 else by_hostname[listener.hostname], sink)


def _against(listener: ListenerNode, siblings: Iterable[ListenerNode], sink: Sink) -> None:
    for other in siblings:
        if other is listener:
            continue
        if _transport(other) != _transport(listener):
            rule, at, message = PROTOCOL_CONFLICT, "protocol", _two_protocols(listener, other)
        elif other.hostname == listener.hostname:
            rule, (at, message) = HOSTNAME_CONFLICT, clash(listener.spec)
        else:
            continue
        if other.index > listener.index:
            listener.conditions.mark(rule, message)
        else:
            related = [(other.spec.at("name"), "conflicts with this one")]
            listener.conditions.deny(rule, listener.spec.at(at), message, sink, related=related)
        return


def _two_protocols(listener: ListenerNode, other: ListenerNode) -> str:
    return f"port {listener.spec.port} is both {other.spec.protocol} and {listener.spec.protocol}"


def _share(one: _Addresses, other: _Addresses) -> bool:
    """Whether two lists have an address in common. An empty one leaves to others what these name."""
    return not set(one).isdisjoint(other) or (_everywhere(one) and _everywhere(other))


def _everywhere(addresses: _Addresses) -> bool:
    return not addresses or any(ip_address(address).is_unspecified for address in addresses)


def _transport(listener: ListenerNode) -> str:
    """HTTPS and TLS listeners can share a port: SNI tells them apart."""
    return {"HTTPS": "TLS"}.get(listener.spec.protocol, listener.spec.protocol)
