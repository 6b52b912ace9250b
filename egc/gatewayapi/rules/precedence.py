"""Which of several matches wins.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule: an exact path before all, then the longest prefix, a
method, the number of headers, the number of query parameters; then the older route, its name, and the order of rules.
Regular expressions stand where Envoy Gateway puts them, between exact paths and prefixes. A GRPCRoute's service and
method are a path, and rank as such (https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule): a service with its
method is an exact one, a service alone a prefix; a method alone may be called on any service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:  # a site imports the models of the kinds that it has
    from egc.gatewayapi.models.grpcroute import GRPCMethodMatch, GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPRouteMatch

_PATH_TYPES = {"Exact": 0, "RegularExpression": 1, "PathPrefix": 2}


class Rank(NamedTuple):
    """What decides which of two matches wins: the first member in which they differ, by the smaller one."""

    path_type: int
    path_length: int
    without_method: bool
    headers: int
    cookies: int
    query_params: int


def rank(match: HTTPRouteMatch | GRPCRouteMatch, cookies: int = 0) -> Rank:
    """Sort key of a match; the smallest wins. Equal ranks keep the order of age, name and position.

    ``cookies`` are those that an extension of the rule asks for; Envoy Gateway counts them after the headers.
    """
    if not hasattr(match, "path"):
        kind, length = _of_call(match.method)
        return Rank(kind, length, without_method=True, headers=-len(match.headers), cookies=-cookies, query_params=0)
    http = cast("HTTPRouteMatch", match)
    path = http.path
    # A prefix of "/" matches everything, as no path does.
    length = 0 if path.type == "PathPrefix" and path.value == "/" else len(path.value)
    return Rank(
        _PATH_TYPES[path.type],
        -length,
        without_method=http.method is None,
        headers=-len(http.headers),
        cookies=-cookies,
        query_params=-len(http.query_params),
    )


def _of_call(called: GRPCMethodMatch | None) -> tuple[int, int]:
    """Type and length of the path that a call has."""
    service, method = (called.service or "", called.method or "") if called is not None else ("", "")
    if called is not None and called.type == "RegularExpression" and (service or method):
        return _PATH_TYPES["RegularExpression"], -len(f"/{service}/{method}")
    if service and method:
        return _PATH_TYPES["Exact"], -len(f"/{service}/{method}")
    # A method alone counts for less than any service.
    return _PATH_TYPES["PathPrefix"], -len(f"/{service}") if service else -bool(method)
