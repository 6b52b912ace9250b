"""Which of several matches wins.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule: an exact path before all, then the longest prefix, a
method, the number of headers, the number of query parameters; then the older route, its name, and the order of rules.
Regular expressions stand where Envoy Gateway puts them, between exact paths and prefixes.
"""

from egc.gatewayapi.models.httproute import HTTPRouteMatch

Rank = tuple[int, int, bool, int, int]
_PATH_TYPES = {"Exact": 0, "RegularExpression": 1, "PathPrefix": 2}


def rank(match: HTTPRouteMatch) -> Rank:
    """Sort key of a match; the smallest wins. Equal ranks keep the order of age, name and position."""
    path = match.path
    # A prefix of "/" matches everything, as no path does.
    length = 0 if path.type == "PathPrefix" and path.value == "/" else len(path.value)
    return (
        _PATH_TYPES[path.type],
        -length,
        match.method is None,
        -len(match.headers),
        -len(match.query_params),
    )
