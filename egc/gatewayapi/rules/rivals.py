"""HTTPRoutes and GRPCRoutes for the same hostname of a listener.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcroutespec lets in only the older of the two. egc serves both, as
Envoy Gateway does: their matches tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import Graph, ListenerNode, RouteNode
from egc.kube.resources import seniority

BOTH_KINDS = Rule(
    code="EGC2200",
    severity=Severity.WARNING,
    title="HTTPRoute and GRPCRoute for one hostname",
    explanation="""
        Of an HTTPRoute and a GRPCRoute on one listener whose hostnames meet, the specification has a controller
        "accept exactly one": the older, then the first by namespace and name. egc and Envoy Gateway serve both.
        Other controllers refuse the newer, so the site would change if it moved to one of them.

        ```yaml
        kind: GRPCRoute
        spec:
          hostnames: [grpc.example.com]
        ```
        """,
    help="give each of them hostnames of its own",
)

_MANY = 50
_OTHER = {"HTTPRoute": "GRPCRoute", "GRPCRoute": "HTTPRoute"}


def report(graph: Graph, sink: Sink) -> None:
    """Tell of each route that another controller would not accept; once, however many listeners it is on."""
    found: dict[int, tuple[RouteNode, RouteNode, str]] = {}
    for listener in graph.listeners():
        for newer, older, hostname in _rivals(listener):
            found.setdefault(id(newer), (newer, older, hostname))
    for i, (newer, older, hostname) in enumerate(found.values()):
        route, other = newer.resource, older.resource
        message = f'{other.kind} "{other.name}" is for "{hostname}" too: other controllers accept only that one'
        if i == _MANY - 1 and len(found) > _MANY:
            message += f"; so it is for {len(found) - _MANY} more routes"
        elif i >= _MANY:
            return
        at = route.at("spec", "hostnames") if newer.hostnames else route.at("metadata", "name")
        sink.report(BOTH_KINDS, at, message, related=[(other.at("metadata", "name"), "the older route")])


def _rivals(listener: ListenerNode) -> Iterator[tuple[RouteNode, RouteNode, str]]:
    """Each route that has an older one of the other kind, and the hostname at which they meet."""
    attached = [a for a in listener.attached if a.parent.route.kind in _OTHER]
    if len({a.parent.route.kind for a in attached}) < 2:
        return
    # The oldest route of a kind for just a name, and for some name below a wildcard.
    oldest: dict[tuple[str, str, bool], RouteNode] = {}
    for attachment in attached:
        route = attachment.parent.route
        for hostname in attachment.hostnames:
            for i, name in enumerate(_wider(hostname)):
                key = (route.kind, name, i > 0)
                if key not in oldest or _age(route) < _age(oldest[key]):
                    oldest[key] = route
    for attachment in attached:
        route, other = attachment.parent.route, _OTHER[attachment.parent.route.kind]
        for hostname in attachment.hostnames:
            keys = [(other, hostname, True), *((other, name, False) for name in _wider(hostname))]
            for rival in filter(None, map(oldest.get, keys)):
                if _age(rival) < _age(route):
                    yield route, rival, hostname


def _age(route: RouteNode) -> tuple[bool, str, str]:
    return seniority(route.resource)


def _wider(hostname: str) -> Iterator[str]:
    """A hostname and every wildcard that covers it: a look-up of each is cheaper than a walk over all routes."""
    yield hostname
    _, _, rest = hostname.removeprefix("*.").partition(".")
    while rest:
        yield f"*.{rest}"
        _, _, rest = rest.partition(".")
    if hostname != "*":
        yield "*"
