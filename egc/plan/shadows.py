"""Rules that no request can reach, since one before them takes every request that they match."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink
from egc.plan.model import Plan, Route, VirtualHost

if TYPE_CHECKING:
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPRouteMatch

SHADOWED = Rule(
    code="EGC2060",
    severity=Severity.WARNING,
    title="rule that no request reaches",
    explanation="""
        Another rule with the same match comes first: it is of an older route, of one whose name sorts first,
        or stands earlier in the same route. Everything that this rule matches goes there.
        """,
    help="remove one of the two, or make its match more specific",
)

Shape = tuple[str, str, str | None, frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]


def report(plan: Plan, sink: Sink) -> None:
    """Report every match that is shadowed on every host of its route."""
    reached: set[int] = set()
    shadowed: dict[int, tuple[Route, Route]] = {}
    for listener in plan.listeners:
        for chain in listener.chains:
            for host in chain.hosts:
                _host(host, reached, shadowed)
    for key, (route, winner) in shadowed.items():
        if key not in reached and not (route.rule.route.unreadable or winner.rule.route.unreadable):
            resource = winner.rule.route.resource
            message = f'no request reaches this rule: {resource.kind} "{resource.name}" matches the same first'
            written = getattr(route.rule.spec, "matches", ()) and "matches" in route.rule.spec.model_fields_set
            at = route.match.at() if written else route.rule.spec.at()
            sink.report(SHADOWED, at, message, related=[(winner.rule.spec.at(), "this rule comes first")])
            for found in (route.rule, winner.rule):
                if found.http is not None:  # as in Envoy Gateway
                    found.route.conditions.set("RouteRulesOverlap", "RouteRulesOverlap", "Two rules match the same")


def _host(host: VirtualHost, reached: set[int], shadowed: dict[int, tuple[Route, Route]]) -> None:
    first: dict[tuple[Shape, tuple[tuple[str, str, str], ...]], Route] = {}
    for route in host.routes:
        winner = first.setdefault((shape(route), tuple((c.type, c.name, c.value) for c in route.cookies)), route)
        if winner is route:
            reached.add(_written(route))
        else:
            shadowed.setdefault(_written(route), (route, winner))


def _written(route: Route) -> int:
    """The identity of a match in the input; a GRPCRoute's rule may have none."""
    grpc = route.rule.grpc
    return id(route.rule) if grpc is not None and not grpc.matches else id(route.match)


def shape(route: Route) -> Shape:
    """What a match says, so that equal ones compare equal."""
    if route.rule.http is None:
        return _shape_of_call(cast("GRPCRouteMatch", route.match))
    match = cast("HTTPRouteMatch", route.match)
    path = match.path
    value = path.value.rstrip("/") if path.type == "PathPrefix" else path.value
    return (
        path.type,
        value,
        match.method,
        frozenset((h.type, h.name.lower(), h.value) for h in match.headers),
        frozenset((q.type, q.name, q.value) for q in match.query_params),
    )


def _shape_of_call(match: GRPCRouteMatch) -> Shape:
    """That of the path of a call, so that an HTTPRoute with the same path compares equal."""
    called = match.method
    service, method = (called.service or "", called.method or "") if called is not None else ("", "")
    kind, path = "PathPrefix", f"/{service}" if service else ""
    if called is not None and (called.type == "RegularExpression" or (method and not service)):
        kind, path = f"gRPC {called.type}", f"{service}/{method}"
    elif method:
        kind, path = "Exact", f"/{service}/{method}"
    headers = frozenset((h.type, h.name.lower(), h.value) for h in match.headers)
    return kind, path, None, headers, frozenset()
