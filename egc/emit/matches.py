"""Matches of HTTPRoutes and GRPCRoutes as Envoy's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from egc.envoy import api as pb
from egc.plan.model import Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.grpcroute import GRPCHeaderMatch, GRPCMethodMatch, GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPHeaderMatch, HTTPPathMatch, HTTPRouteMatch

# Of a path /service/method. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
_ANY_METHOD = "[^/]+"
_ANY_SERVICE = ".+"  # some are mounted below a path of their own


def route_match(route: Route) -> pb.route.RouteMatch:
    """The match of a route: path, method, headers, query parameters and cookies must all fit."""
    message = _call_match(route) if route.rule.grpc is not None else _http_match(route)
    if route.cookies:
        message.cookies = [
            pb.route.CookieMatcher(name=c.name, string_match=_string(c.type, c.value)) for c in route.cookies
        ]
    if route.below:
        denominator = pb.types.FractionalPercentDenominatorType.MILLION
        share = pb.types.FractionalPercent(numerator=route.below, denominator=denominator)
        message.runtime_fraction = pb.core.RuntimeFractionalPercent(default_value=share)
    return message


def _http_match(route: Route) -> pb.route.RouteMatch:
    match = cast("HTTPRouteMatch", route.match)
    message = _path(match.path)
    headers = []
    if match.method is not None and route.preflight:
        # https://fetch.spec.whatwg.org/#cors-preflight-fetch
        headers.append(_header(":method", "Exact", "OPTIONS"))
        headers.append(pb.route.HeaderMatcher(name="origin", present_match=True))
        asked = "access-control-request-method"
        exact = _header(asked, "Exact", match.method)
        headers.append(pb.route.HeaderMatcher(name=asked, present_match=True) if route.fallback else exact)
    elif match.method is not None:
        headers.append(_header(":method", "Exact", match.method))
    headers += _headers(match.headers)
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


def _call_match(route: Route) -> pb.route.RouteMatch:
    """A call's path is ``/service/method``."""
    match = cast("GRPCRouteMatch", route.match)
    message = _call(match.method)
    if match.headers:
        message.headers = _headers(match.headers)
    return message


def _path(path: HTTPPathMatch) -> pb.route.RouteMatch:
    if path.type == "Exact":
        return pb.route.RouteMatch(path=path.value)
    if path.type == "RegularExpression":
        return pb.route.RouteMatch(safe_regex=pb.matcher.RegexMatcher(regex=path.value))
    # Prefixes match by whole segments: "/shop" and "/shop/" both mean /shop and everything below.
    prefix = path.value.rstrip("/")
    return pb.route.RouteMatch(path_separated_prefix=prefix) if prefix else pb.route.RouteMatch(prefix="/")


def _call(called: GRPCMethodMatch | None) -> pb.route.RouteMatch:
    service, method = (called.service, called.method) if called is not None else (None, None)
    if called is None or not (service or method):
        return pb.route.RouteMatch(prefix="/")
    if called.type == "Exact" and service and method:
        return pb.route.RouteMatch(path=f"/{service}/{method}")
    if called.type == "Exact" and service:
        return pb.route.RouteMatch(path_separated_prefix=f"/{service}")
    expression = f"/{_part(service or _ANY_SERVICE)}/{_part(method or _ANY_METHOD)}"
    return pb.route.RouteMatch(safe_regex=pb.matcher.RegexMatcher(regex=expression))


def _part(expression: str) -> str:
    """An expression for one part of a path: alternatives must not reach over the slash."""
    return f"(?:{expression})" if "|" in expression else expression


def _headers(headers: Iterable[HTTPHeaderMatch | GRPCHeaderMatch]) -> list[pb.route.HeaderMatcher]:
    return [_header(h.name, h.type, h.value) for h in headers]


def _header(name: str, type: str, value: str) -> pb.route.HeaderMatcher:
    return pb.route.HeaderMatcher(name=name, string_match=_string(type, value))


def _string(type: str, value: str) -> pb.matcher.StringMatcher:
    if type == "RegularExpression":
        return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=value))
    return pb.matcher.StringMatcher(exact=value)
