"""What the settings of a single filter may say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.validity import backends, lists, unions

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.filters import HTTPCORSFilter, HTTPExternalAuthFilter
    from egc.gatewayapi.models.shared import HTTPHeaderFilter, HTTPRequestMirrorFilter

WRONG_PROTOCOL = Rule(
    code="EGC2110",
    severity=Severity.ERROR,
    title="externalAuth's protocol and settings disagree",
    explanation="""
        The `protocol` names the member that says how to ask the authorizer; just that member must be there.

        ```yaml
        externalAuth:
          protocol: HTTP
          http: {path: /auth}
          backendRef: {name: auth, port: 9000}
        ```
        """,
    condition="Accepted/UnsupportedValue",
)
TWO_SHARES = Rule(
    code="EGC2111",
    severity=Severity.ERROR,
    title="mirror with a percent and a fraction",
    explanation="Both say how much of the traffic is mirrored, so only one of them may be there.",
    help="remove percent or fraction",
)
OVER_ONE = Rule(
    code="EGC2112",
    severity=Severity.ERROR,
    title="fraction of more than all",
    explanation="""
        The numerator is at most the denominator, which is 100 unless the fraction says another.

        ```yaml
        requestMirror:
          backendRef: {name: shadow, port: 8000}
          fraction: {numerator: 5, denominator: 1000}
        ```
        """,
    help="make the numerator the smaller one",
)
STAR_AMONG_OTHERS = Rule(
    code="EGC2113",
    severity=Severity.ERROR,
    title="wildcard beside other values",
    explanation="`*` stands for every value, so it stands alone: what is listed beside it would mean nothing.",
    help='remove "*", or all others',
)


def judge(found: RouteFilter, flaws: Flaws) -> None:
    """Judge whatever settings are there, even those of another type."""
    for modifier in (found.request_header_modifier, found.response_header_modifier):
        if modifier is not None:
            _headers(modifier, flaws)
    if found.request_mirror is not None:
        _mirror(found.request_mirror, flaws)
    cors = getattr(found, "cors", None)
    if cors is not None:
        _cors(cors, flaws)
    auth = getattr(found, "external_auth", None)
    if auth is not None:
        _auth(found, auth, flaws)


def _headers(modifier: HTTPHeaderFilter, flaws: Flaws) -> None:
    lists.names("set", modifier.set, flaws)
    lists.names("add", modifier.add, flaws)
    lists.unique(modifier, "remove", modifier.remove, flaws)


def _mirror(mirror: HTTPRequestMirrorFilter, flaws: Flaws) -> None:
    backends.port(mirror.backend_ref, flaws)
    fraction = mirror.fraction
    if fraction is None:
        return
    if mirror.percent is not None:
        at, related = mirror.at("percent").key, [(mirror.at("fraction").key, "the other")]
        flaws.report(mirror, TWO_SHARES, at, "a mirror has either a percent or a fraction", related=related)
    if fraction.numerator > fraction.denominator:
        message = f"{fraction.numerator} of {fraction.denominator} is more than all"
        flaws.report(mirror, OVER_ONE, fraction.at("numerator"), message)


def _cors(cors: HTTPCORSFilter, flaws: Flaws) -> None:
    lists.unique(cors, "exposeHeaders", cors.expose_headers, flaws)
    listed: dict[str, Sequence[str]] = {
        "allowOrigins": cors.allow_origins,
        "allowMethods": cors.allow_methods,
        "allowHeaders": cors.allow_headers,
    }
    for alias, values in listed.items():
        lists.unique(cors, alias, values, flaws)
        if "*" in values and len(values) > 1:
            at = cors.at(alias, values.index("*"))
            flaws.report(cors, STAR_AMONG_OTHERS, at, f'"*" stands beside others in "{alias}"')


def _auth(found: RouteFilter, auth: HTTPExternalAuthFilter, flaws: Flaws) -> None:
    """A flaw of the whole filter: to ask wrongly is as bad as not to ask."""
    backends.port(auth.backend_ref, flaws)
    members = {"GRPC": ("grpc", auth.grpc), "HTTP": ("http", auth.http)}
    wrong = unions.mismatch(auth, "an authorizer", auth.protocol, members, "protocol")
    if wrong is not None:
        flaws.report(found, WRONG_PROTOCOL, wrong.at, wrong.message, help=wrong.help)
    if auth.grpc is not None:
        lists.unique(auth.grpc, "allowedHeaders", auth.grpc.allowed_headers, flaws)
    if auth.http is not None:
        lists.unique(auth.http, "allowedHeaders", auth.http.allowed_headers, flaws)
        lists.unique(auth.http, "allowedResponseHeaders", auth.http.allowed_response_headers, flaws)
