"""The routes of a plan in the order in which Envoy tries them, each with its origin and the reason for its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egc.diagnostics import Located
from egc.emit.acme import CLUSTER
from egc.emit.routes import MISDIRECTED
from egc.gatewayapi.graph import RuleNode
from egc.listing.answers import answer, filters, shares
from egc.listing.entries import Answer, Entry, Host, Match, Origin, Port, Source, Value
from egc.listing.matches import match_of
from egc.listing.reasons import ONLY, match_index, why
from egc.plan import acme
from egc.plan.model import Listener, Plan, Route, Tunnel, VirtualHost
from egc.plan.shadows import shape

ANY = "*"


def ports(plan: Plan) -> tuple[Port, ...]:
    """Every listener of Envoy with its hosts, and their routes in the order in which Envoy tries them."""
    return tuple(_port(listener) for listener in plan.listeners)


def _port(listener: Listener) -> Port:
    nodes = [node for chain in listener.chains for node in chain.nodes] + [tunnel.node for tunnel in listener.tunnels]
    nodes = list(dict.fromkeys(nodes))
    return Port(
        listener.name,
        listener.addresses,
        listener.port,
        "/".join(dict.fromkeys(node.spec.protocol for node in nodes)),
        tuple(node.name for node in nodes),
        tuple(_hosts(listener)),
    )


def _hosts(listener: Listener) -> Iterator[Host]:
    for chain in listener.chains:
        names: tuple[str, ...] | None = (chain.server_name or ANY,) if chain.tls else None
        for host in chain.hosts:
            yield Host(host.name, host.domains, names, tuple(_entries(host)))
        if not chain.hosts:
            yield Host(chain.name, (ANY,), names, ())
    for tunnel in listener.tunnels:
        names = (tunnel.server_names or (ANY,)) if tunnel.node.spec.protocol == "TLS" else None
        yield Host(tunnel.name, (), names, (_passed_on(tunnel),))


def _passed_on(tunnel: Tunnel) -> Entry:
    """What becomes of connections and datagrams that are not looked into."""
    rules = tunnel.route.rules if tunnel.route is not None else []
    # Nobody is answered a status here.
    backends = tuple(replace(share, status=None) for rule in rules for share in shares(rule))
    faults = [share.because for share in backends if share.because is not None]
    if tunnel.shares:
        found = Answer("forward", backends=backends)
    else:
        because = "; ".join(faults) or (_idle(rules) if rules else "no route is attached")
        found = Answer("reject", because=because, backends=backends)
    return Entry(1, tunnel.name, Match(), found, (), origin_of(rules[0]) if rules else None, ONLY)


def _idle(rules: list[RuleNode]) -> str:
    """Why a route without a fault in its backends has nowhere to lead to."""
    weighed = any(node.weight for rule in rules for node in rule.backends)
    return "what governs its route is at fault" if weighed else "its route has no backend"


def _entries(host: VirtualHost) -> Iterator[Entry]:
    """The routes of a host, those that no rule asked for included."""
    everything = Match(Value("PathPrefix", "/"))
    if host.misdirected:
        because = "another listener of the port is for this host"
        yield Entry(1, host.name, everything, Answer("respond", MISDIRECTED, because=because), (), None, ONLY)
        return
    first = 1
    if host.challenges:
        match = Match(Value("PathPrefix", acme.PATH))
        yield Entry(1, f"{CLUSTER}/{host.name}", match, Answer("acme"), (), None, "challenges come before all rules")
        first = 2
    places: dict[object, int] = {}
    for i, route in enumerate(host.routes):
        order = first + i
        following = host.routes[i + 1] if i + 1 < len(host.routes) else None
        shadow = _shadow(route, order, places)
        reason = why(route, following, alone=len(host.routes) == 1)
        about = filters(route.rule.filters)
        yield Entry(order, route.name, match_of(route), answer(route), about, origin(route), reason, shadow, route)


def _shadow(route: Route, order: int, places: dict[object, int]) -> int | None:
    """The order of an earlier route that takes every request of this one."""
    key = (shape(route), tuple((c.type, c.name, c.value) for c in route.cookies), route.preflight, route.fallback)
    earlier = places.get((key, False)) or places.get((key, route.with_port))
    if not route.below:  # one that leaves some to others
        places.setdefault((key, route.with_port), order)
    return earlier


def origin(route: Route) -> Origin:
    """The rule that a route stands for."""
    index = match_index(route) if "matches" in route.rule.spec.model_fields_set else None
    at = route.match.at() if index is not None else None
    return origin_of(route.rule, index, at)


def origin_of(rule: RuleNode, match: int | None = None, at: Located | None = None) -> Origin:
    """A rule, and where it is written."""
    resource = rule.route.resource
    places = (*(() if at is None else (at,)), rule.spec.at(), resource.at("spec"))
    return Origin(resource.kind, resource.namespace, resource.name, rule.index, rule.spec.name, match, Source(places))
