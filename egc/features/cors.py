"""CORS: the filter of an HTTPRoute, or ``SecurityPolicy.spec.cors``, which it overrides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity
from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use
from egc.plan.model import Chain, Route

if TYPE_CHECKING:
    from egc.envoygateway.models.cors import CORS
    from egc.gatewayapi.models.filters import HTTPCORSFilter

WILDCARD_WITH_CREDENTIALS = Rule(
    code="EGC3104",
    severity=Severity.WARNING,
    title="CORS lets every origin send credentials",
    explanation="""
        With `allowCredentials: true` and an origin of `*` or `https://*`, any site that a user visits can call this
        route with the user's cookies and read the answer.

        ```yaml
        cors: {allowOrigins: ["*"], allowCredentials: true}
        ```
        """,
    help="list the origins, or drop allowCredentials",
)


EXPOSED_WITH_CREDENTIALS = Rule(
    code="EGC2191",
    severity=Severity.WARNING,
    title="CORS exposes no header where credentials are sent",
    explanation="""
        To a request with credentials, a `*` in `exposeHeaders` is the name of a header and no wildcard. The
        Gateway API forbids it beside `allowCredentials: true`, so it is left out.

        ```yaml
        cors: {allowOrigins: ["https://shop.example"], allowCredentials: true, exposeHeaders: [x-total]}
        ```
        """,
    help="list the headers in exposeHeaders",
)

_WELL_KNOWN = {"http": ":80", "https": ":443"}
_ANYTHING = ".*"
_HOST = "[^/:]*"  # of an HTTPRoute's origin: one without a port has the well-known one, and no other


class Cors(HttpFilter):
    """Answer preflights, and say which origins may read an answer."""

    filter = "envoy.filters.http.cors"

    def shared(self, chain: Chain, ctx: Context) -> pb.cors.Cors:
        """The filter itself has no settings."""
        return pb.cors.Cors()

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """The filter of the route, else the policy."""
        filters = (getattr(found, "cors", None) for found in route.filters)
        own: HTTPCORSFilter | None = next((found for found in filters if found is not None), None)
        if own is not None:
            _check(own, ctx)
            return (Use(_policy(own, [_origin(_spelled(o), _HOST) for o in own.allow_origins], own.max_age)),)
        cors = route.security.spec.cors if route.security else None
        if cors is None:
            return ()
        _check(cors, ctx)
        age = None if cors.max_age is None else int(cors.max_age.total_seconds())
        return (Use(_policy(cors, [_origin(origin, _ANYTHING) for origin in cors.allow_origins], age)),)


def _policy(
    cors: CORS | HTTPCORSFilter, origins: list[pb.matcher.StringMatcher], age: int | None
) -> pb.cors.CorsPolicy:
    exposed = cors.expose_headers
    return pb.cors.CorsPolicy(
        allow_origin_string_match=origins,
        allow_methods=_list(cors.allow_methods),
        allow_headers=_list(cors.allow_headers),
        expose_headers="" if cors.allow_credentials and "*" in exposed else _list(exposed),
        max_age="" if age is None else str(age),
        allow_credentials=bool(cors.allow_credentials),
        # A preflight that does not match is answered here too: it must not reach a backend that knows no CORS.
        forward_not_matching_preflights=False,
    )


def _spelled(origin: str) -> str:
    """An origin as a browser tells it: in lower case, without the well-known port of its scheme."""
    scheme, separator, rest = origin.lower().partition("://")
    return scheme + separator + rest.removesuffix(_WELL_KNOWN.get(scheme, ":"))


def _check(cors: CORS | HTTPCORSFilter, ctx: Context) -> None:
    if not cors.allow_credentials:
        return
    credentials = [(cors.at("allowCredentials"), "credentials are allowed here")]
    for i, origin in enumerate(cors.allow_origins):
        if origin.rpartition("://")[2].partition(":")[0] == "*":
            message = "any site may read this route with the user's cookies"
            ctx.sink.report(WILDCARD_WITH_CREDENTIALS, cors.at("allowOrigins", i), message, related=credentials)
    if "*" in cors.expose_headers:
        at = cors.at("exposeHeaders", cors.expose_headers.index("*"))
        ctx.sink.report(EXPOSED_WITH_CREDENTIALS, at, '"*" exposes nothing beside credentials', related=credentials)


def _origin(origin: str, anything: str) -> pb.matcher.StringMatcher:
    """``*`` stands for *anything*, as in ``https://*.example.com``; alone for every origin."""
    if "*" not in origin:
        return pb.matcher.StringMatcher(exact=origin)
    expression = (_ANYTHING if origin == "*" else anything).join(re.escape(part) for part in origin.split("*"))
    return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=expression))


def _list(values: Iterable[str]) -> str:
    """Envoy reads ``*`` as a wildcard only when it stands alone.

    https://github.com/envoyproxy/envoy/blob/v1.39.0/source/extensions/filters/http/cors/cors_filter.cc
    """
    found = list(values)
    return "*" if "*" in found else ", ".join(found)
