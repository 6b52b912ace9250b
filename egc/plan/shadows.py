"""Rules that no request can reach, since one before them takes every request that they match."""

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.models.httproute import HTTPRouteMatch
from egc.plan.model import Plan, Route, VirtualHost

SHADOWED = Rule(
    code="EGC2060",
    severity=Severity.WARNING,
    title="rule that no request reaches",
    explanation="""
        Another rule with the same match comes first: it is of an older HTTPRoute, of one whose name sorts first,
        or stands earlier in the same route. Everything that this rule matches goes there.
        """,
    help="remove one of the two, or make its match more specific",
)

_Shape = tuple[str, str, str | None, frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]


def report(plan: Plan, sink: Sink) -> None:
    """Report every match that is shadowed on every host of its route."""
    reached: set[int] = set()
    shadowed: dict[int, tuple[Route, Route]] = {}
    for listener in plan.listeners:
        for chain in listener.chains:
            for host in chain.hosts:
                _host(host, reached, shadowed)
    for key, (route, winner) in shadowed.items():
        if key not in reached:
            resource = winner.rule.route.resource
            message = f'no request reaches this rule: HTTPRoute "{resource.name}" matches the same first'
            at = route.match.at() if "matches" in route.rule.spec.model_fields_set else route.rule.spec.at()
            sink.report(SHADOWED, at, message, related=[(winner.rule.spec.at(), "this rule comes first")])
            for found in (route, winner):
                found.rule.route.conditions.set("RouteRulesOverlap", "RouteRulesOverlap", "Two rules match the same")


def _host(host: VirtualHost, reached: set[int], shadowed: dict[int, tuple[Route, Route]]) -> None:
    first: dict[_Shape, Route] = {}
    for route in host.routes:
        winner = first.setdefault(_shape(route.match), route)
        if winner is route:
            reached.add(id(route.match))
        else:
            shadowed.setdefault(id(route.match), (route, winner))


def _shape(match: HTTPRouteMatch) -> _Shape:
    """What a match says, so that equal ones compare equal."""
    path = match.path
    value = path.value.rstrip("/") if path.type == "PathPrefix" else path.value
    return (
        path.type,
        value,
        match.method,
        frozenset((h.type, h.name.lower(), h.value) for h in match.headers),
        frozenset((q.type, q.name, q.value) for q in match.query_params),
    )
