"""Why a route stands before the next one: the first of the keys that they are sorted by in which they differ."""

from __future__ import annotations

from typing import Any

from egc.gatewayapi.rules.precedence import Rank, rank
from egc.kube.resources import seniority
from egc.plan.model import MILLION, Route

ONLY, LAST = "the only one", "the last one"

_PATH_TYPES = {
    "HTTPRoute": ("exact path", "regular expression before prefixes", "prefix"),
    "GRPCRoute": ("service with its method", "regular expression before a service alone", "service alone"),
}
_LENGTHS = {
    "HTTPRoute": ("longer path", "longer regular expression", "longer prefix"),
    "GRPCRoute": ("longer names", "longer regular expression", "it says more of the call"),
}
_RANK = {
    "without_method": "it has a method, the next has none",
    "headers": "more headers",
    "cookies": "more cookies",
    "query_params": "more query parameters",
}
_SENIORITY = ("older route: the next has no creationTimestamp", "older route", "its namespace/name sorts first")


def why(route: Route, following: Route | None, *, alone: bool = False) -> str:
    """What puts a route before the following one."""
    if following is None:
        return ONLY if alone else LAST
    own, other = rank(route.match, len(route.cookies)), rank(following.match, len(following.cookies))
    if own != other:
        return _by_rank(route.rule.route.kind, own, _first(own, other))
    if following.fallback and not route.fallback:
        return "preflights for any method come last"
    if route.rule.route is not following.rule.route:
        return _by_route(route, following)
    if route.rule is not following.rule:
        return "earlier rule of the route"
    if route.match is not following.match:
        return "earlier match of the rule"
    if route.with_port and not following.with_port:
        return "a Host header with a port is more than any"
    if following.preflight and not route.preflight:
        return "requests before the preflights for them"
    return "the backend is listed first" if route.below else "earlier match of the filter"


def order(route: Route) -> tuple[Any, ...]:
    """All the keys in a row. Routes of one kind on one host are in the order of it."""
    resource = route.rule.route.resource
    place = route.rule.index, match_index(route) or 0, route.below or MILLION, not route.with_port, route.preflight
    return *rank(route.match, len(route.cookies)), route.fallback, *seniority(resource), *place


def match_index(route: Route) -> int | None:
    """Which match of its rule a route stands for; None if the rule has none."""
    matches = getattr(route.rule.spec, "matches", ())
    return next((i for i, match in enumerate(matches) if match is route.match), None)


def _by_rank(kind: str, own: Rank, field: int) -> str:
    name = Rank._fields[field]
    if name == "path_type":
        return _PATH_TYPES[kind][own.path_type]
    return _LENGTHS[kind][own.path_type] if name == "path_length" else _RANK[name]


def _by_route(route: Route, following: Route) -> str:
    own, other = route.rule.route.resource, following.rule.route.resource
    if own.kind != other.kind:
        return f"{own.kind} before {other.kind}"
    return _SENIORITY[_first(seniority(own), seniority(other))]


def _first(own: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    """The first place in which two keys differ."""
    return next(i for i, (one, two) in enumerate(zip(own, other, strict=True)) if one != two)
