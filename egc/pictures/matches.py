"""A rule in few words: the first of its matches, and what it does besides forwarding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteRule
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPPathMatch, HTTPRouteMatch

_SIGNS = {"Exact": "= ", "PathPrefix": "", "RegularExpression": "~ "}
_DEEDS = {
    "RequestHeaderModifier": "request headers",
    "ResponseHeaderModifier": "response headers",
    "RequestMirror": "mirror",
    "RequestRedirect": "redirect",
    "URLRewrite": "rewrite",
    "CORS": "CORS",
    "ExternalAuth": "external auth",
    "ExtensionRef": "extension",
}


def summary(rule: RouteRule) -> tuple[str, str]:
    """What a rule is for, and its name and filters."""
    matches = getattr(rule, "matches", None)
    text = "everything"
    if matches:
        more = len(matches) - 1
        text = _match(matches[0]) + (f" or {more} more" if more else "")
    filters = dict.fromkeys(_DEEDS.get(filter.type, filter.type) for filter in getattr(rule, "filters", ()))
    return text, ", ".join([*([rule.name] if rule.name else []), *filters])


def _match(match: HTTPRouteMatch | GRPCRouteMatch) -> str:
    path = getattr(match, "path", None)
    words = [_path(path)] if path is not None else [_call(match)]
    if path is not None and match.method:
        words.insert(0, str(match.method))
    for field, sign in (("headers", ""), ("query_params", "?")):
        words += [f"{sign}{found.name}={found.value}" for found in getattr(match, field, ())]
    return " ".join(words)


def _path(path: HTTPPathMatch) -> str:
    return f"{_SIGNS[path.type]}{path.value}"


def _call(match: HTTPRouteMatch | GRPCRouteMatch) -> str:
    """The service and method of gRPC."""
    method = match.method
    if method is None or isinstance(method, str):
        return "every call"
    sign = "~ " if method.type == "RegularExpression" else ""
    return f"{sign}{method.service or '*'}/{method.method or '*'}"
