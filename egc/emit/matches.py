"""HTTPRoute matches as Envoy's."""

from egc.envoy import api as pb
from egc.gatewayapi.models.httproute import HTTPRouteMatch
from egc.plan.model import Route


def route_match(route: Route) -> "pb.route.RouteMatch":
    """The match of a route: path, method, headers and query parameters must all fit."""
    match = route.match
    message = _path(match)
    headers = []
    if match.method is not None:
        headers.append(_header(":method", "Exact", match.method))
    headers += [_header(h.name, h.type, h.value) for h in match.headers]
    if route.with_port:
        headers.append(_header(":authority", "RegularExpression", ".*:[0-9]+"))
    if headers:
        message.headers = headers
    if match.query_params:
        message.query_parameters = [
            pb.route.QueryParameterMatcher(name=q.name, string_match=_string(q.type, q.value))
            for q in match.query_params
        ]
    return message


def _path(match: HTTPRouteMatch) -> "pb.route.RouteMatch":
    path = match.path
    if path.type == "Exact":
        return pb.route.RouteMatch(path=path.value)
    if path.type == "RegularExpression":
        return pb.route.RouteMatch(safe_regex=pb.matcher.RegexMatcher(regex=path.value))
    # Prefixes match by whole segments: "/shop" and "/shop/" both mean /shop and everything below.
    prefix = path.value.rstrip("/")
    return pb.route.RouteMatch(path_separated_prefix=prefix) if prefix else pb.route.RouteMatch(prefix="/")


def _header(name: str, type: str, value: str) -> "pb.route.HeaderMatcher":
    return pb.route.HeaderMatcher(name=name, string_match=_string(type, value))


def _string(type: str, value: str) -> "pb.matcher.StringMatcher":
    if type == "RegularExpression":
        return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=value))
    return pb.matcher.StringMatcher(exact=value)
