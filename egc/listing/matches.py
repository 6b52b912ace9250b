"""Matches of HTTPRoutes and GRPCRoutes in one form, and whether a request fits what Envoy is given of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from egc.emit.matches import route_match
from egc.envoy import api as pb
from egc.listing.entries import Call, Entry, Match, Named, Value
from egc.plan.model import MILLION, Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPRouteMatch

_TYPES = {"Exact": "exact", "PathPrefix": "prefix", "RegularExpression": "regex"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as far as matches look at it; header names are in lower case."""

    host: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)


def match_of(route: Route) -> Match:
    """The conditions of a route."""
    cookies, below = _named(route.cookies), round(100 * route.below / MILLION, 4) if route.below else None
    if route.rule.grpc is not None:
        grpc = cast("GRPCRouteMatch", route.match)
        called = grpc.method
        call = Call(called.type, called.service or None, called.method or None) if called is not None else None
        return Match(headers=_named(grpc.headers), grpc=call or Call("Exact", None, None), percent_below=below)
    http = cast("HTTPRouteMatch", route.match)
    return Match(
        Value(http.path.type, http.path.value),
        None if route.fallback else http.method,
        _named(http.headers),
        _named(http.query_params),
        cookies,
        port_in_host=route.with_port,
        preflight=route.preflight,
        percent_below=below,
    )


def _named(found: Iterable[Any]) -> tuple[Named, ...]:
    return tuple(Named(entry.name, entry.type, entry.value) for entry in found)


def misfits(rule: Entry, request: Request) -> Iterator[str]:
    """Each condition that a request does not meet, in words."""
    takes = _takes(rule)
    if not _has_path(takes, request.path):
        yield f"path is not {path_text(rule.match)}"
    given = {":method": request.method, ":authority": request.host, **request.headers}
    for header in takes.get("headers", ()):
        name, told = header["name"], {":method": "method", ":authority": "Host header"}.get(header["name"])
        yield from _lacking(header, given.get(name.lower()), told or f"header {name}")
    for parameter in takes.get("query_parameters", ()):
        name = parameter["name"]
        yield from _lacking(parameter, request.query_params.get(name), f"query parameter {name}")
    for cookie in takes.get("cookies", ()):
        yield from _lacking(cookie, _cookies(request).get(cookie["name"]), f"cookie {cookie['name']}")
    if "runtime_fraction" in takes:
        yield f"it takes only a part of these requests, up to {rule.match.percent_below:g} % of all"


def path_fits(rule: Entry, path: str) -> bool:
    """Whether a path meets the condition on it."""
    return _has_path(_takes(rule), path)


def _takes(rule: Entry) -> dict[str, Any]:
    """The conditions as Envoy has them."""
    if rule.route is not None:
        return pb.to_plain(route_match(rule.route))
    return {"prefix": rule.match.path.value} if rule.match.path is not None else {}


def _has_path(takes: Mapping[str, Any], path: str) -> bool:
    if "path" in takes:
        return bool(path == takes["path"])
    if (prefix := takes.get("path_separated_prefix")) is not None:
        return path == prefix or path.startswith(f"{prefix}/")
    if "safe_regex" in takes:
        return _is({"safe_regex": takes["safe_regex"]}, path)
    return path.startswith(takes.get("prefix", ""))


def _lacking(matcher: Mapping[str, Any], given: str | None, what: str) -> Iterator[str]:
    if given is None:
        yield f"{what} is not there"
    elif "string_match" in matcher and not _is(matcher["string_match"], given):
        wanted = matcher["string_match"]
        yield f"{what} is not {wanted.get('exact') or '~ ' + wanted['safe_regex']['regex']}"


def _is(wanted: Mapping[str, Any], given: str) -> bool:
    if "exact" in wanted:
        return bool(given == wanted["exact"])
    import re2  # noqa: PLC0415 - most sites have no regular expression

    return re2.fullmatch(wanted["safe_regex"]["regex"], given) is not None


def _cookies(request: Request) -> dict[str, str]:
    """The cookies as Envoy reads them: of one name the first counts, and nothing is decoded but quotes around a value.

    https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/http/utility.cc (forEachCookie)
    """
    found: dict[str, str] = {}
    for part in request.headers.get("cookie", "").split(";"):
        name, equals, value = part.lstrip(" ").partition("=")
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        if equals:
            found.setdefault(name, value[1:-1] if quoted else value)
    return found


def path_text(match: Match) -> str:
    """The condition on the path, in words."""
    if (call := match.grpc) is not None:
        if not (call.service or call.method):
            return "any call"
        kind = "regex " if call.type == "RegularExpression" else ""
        return f"call {kind}{call.service or '*'}/{call.method or '*'}"
    return f"{_TYPES[match.path.type]} {match.path.value}" if match.path is not None else "anything"


def value_text(entry: Named) -> str:
    """The condition on a header, a query parameter or a cookie, without its name."""
    return f"~ {entry.value}" if entry.type == "RegularExpression" else entry.value
