"""CORS: ``SecurityPolicy.spec.cors``."""

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


class Cors(HttpFilter):
    """Answer preflights, and say which origins may read an answer."""

    filter = "envoy.filters.http.cors"

    def shared(self, chain: Chain, ctx: Context) -> pb.cors.Cors:
        """The filter itself has no settings."""
        return pb.cors.Cors()

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """The policy of the route."""
        cors = route.security.spec.cors if route.security else None
        if cors is None:
            return ()
        _check(cors, ctx)
        policy = pb.cors.CorsPolicy(
            allow_origin_string_match=[_origin(origin) for origin in cors.allow_origins],
            allow_methods=_list(cors.allow_methods),
            allow_headers=_list(cors.allow_headers),
            expose_headers=_list(cors.expose_headers),
            max_age="" if cors.max_age is None else str(int(cors.max_age.total_seconds())),
            allow_credentials=bool(cors.allow_credentials),
            # A preflight that does not match is answered here too: it must not reach a backend that knows no CORS.
            forward_not_matching_preflights=False,
        )
        return (Use(policy),)


def _check(cors: CORS, ctx: Context) -> None:
    if not cors.allow_credentials:
        return
    for i, origin in enumerate(cors.allow_origins):
        if origin.rpartition("://")[2] == "*":
            related = [(cors.at("allowCredentials"), "credentials are allowed here")]
            message = "any site may read this route with the user's cookies"
            ctx.sink.report(WILDCARD_WITH_CREDENTIALS, cors.at("allowOrigins", i), message, related=related)


def _origin(origin: str) -> pb.matcher.StringMatcher:
    """``*`` stands for any text, as in ``https://*.example.com``."""
    if "*" not in origin:
        return pb.matcher.StringMatcher(exact=origin)
    expression = ".*".join(re.escape(part) for part in origin.split("*"))
    return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=expression))


def _list(values: Iterable[str]) -> str:
    """Envoy reads ``*`` as a wildcard only when it stands alone.

    https://github.com/envoyproxy/envoy/blob/v1.39.0/source/extensions/filters/http/cors/cors_filter.cc
    """
    found = list(values)
    return "*" if "*" in found else ", ".join(found)
