"""What a match may say: paths as requests have them, names that count once, names of gRPC.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.grpcroute import GRPCHeaderMatch, GRPCMethodMatch
    from egc.gatewayapi.models.httproute import HTTPHeaderMatch, HTTPPathMatch, HTTPQueryParamMatch

BAD_PATH = Rule(
    code="EGC2050",
    severity=Severity.ERROR,
    title="path that no request can have",
    explanation="""
        Exact and PathPrefix values start with `/` and are normal: no `//`, `/./`, `/../`, and no encoded slash
        (`%2F`). A request's path is normalised before it is matched, so such a rule could never match. Nor is a
        query (`?`) or a fragment (`#`) part of the path; other characters that no path has are percent-encoded.

        ```yaml
        matches:
        - {path: {value: /search}, queryParams: [{name: q, value: shoes}]}
        ```
        """,
    help="write the path as it is after normalisation",
)
NAME_TWICE = Rule(
    code="EGC2052",
    severity=Severity.ERROR,
    title="header or query parameter given twice in one match",
    explanation="All conditions of a match must hold, and each name may have one. Header names do not depend on case.",
    help="remove one of them, or make two matches if either should do",
)
EMPTY_METHOD = Rule(
    code="EGC2102",
    severity=Severity.ERROR,
    title="method match that names neither service nor method",
    explanation="""
        A gRPC call is matched by its service, its method or both. Without `method` a match takes every call.

        ```yaml
        matches:
        - method: {service: shop.v1.Cart, method: Add}
        ```
        """,
    help="add service or method, or remove the method match",
)
BAD_METHOD = Rule(
    code="EGC2103",
    severity=Severity.ERROR,
    title="name that no gRPC service or method has",
    explanation="""
        A service is called by its full name, package and all, with dots between; a method has letters, digits and
        underscores. A slash is no part of either.

        ```yaml
        method: {service: shop.v1.Cart, method: Add}
        ```
        """,
    help="write service: package.Service and method: Method, or use type: RegularExpression",
)

_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F", "#")
_FORBIDDEN_END = ("/..", "/.")
_STRAY = re.compile(r"[^-A-Za-z0-9/._~!$&'()*+,;=:@%]|%(?![0-9a-fA-F]{2})")
_WORD = "[A-Za-z_][A-Za-z_0-9]*"
_CALLED = {"service": re.compile(rf"\.?{_WORD}(\.{_WORD})*"), "method": re.compile(_WORD)}


def path(found: HTTPPathMatch, flaws: Flaws) -> None:
    """Judge an exact path or a prefix."""
    if found.type == "RegularExpression":
        return
    problem, help = path_problem(found.value)
    if problem:
        flaws.report(found, BAD_PATH, found.at("value"), f'path "{found.value}" {problem}', help=help)


def path_problem(value: str) -> tuple[str, str]:
    """Why no request has such a path, in words that follow it, and what to do; empty where all is well."""
    if not value.startswith("/"):
        return 'does not start with "/"', f'write "/{value}"'
    if (bad := next((f for f in _FORBIDDEN if f in value), None)) is not None:
        return f'contains "{bad}"', ""
    if value.endswith(_FORBIDDEN_END):
        return f'ends with "{value[value.rindex("/") :]}"', ""
    if (stray := _STRAY.search(value)) is not None:
        help = "match the query with queryParams" if stray[0] == "?" else f'write "{quote(stray[0])}" instead'
        return f'contains "{stray[0]}"', help
    return "", ""


def names(
    headers: Sequence[HTTPHeaderMatch | GRPCHeaderMatch], parameters: Sequence[HTTPQueryParamMatch], flaws: Flaws
) -> None:
    """Judge the names of one match."""
    folded = [(header.name.lower(), header) for header in headers] if len(headers) > 1 else []
    for entries, what in ((folded, "header"), ([(q.name, q) for q in parameters], "query parameter")):
        seen: dict[str, HTTPHeaderMatch | GRPCHeaderMatch | HTTPQueryParamMatch] = {}
        for name, entry in entries:
            first = seen.setdefault(name, entry)
            if first is not entry:
                message, related = (
                    f'{what} "{entry.name}" is given twice in this match',
                    [(first.at("name"), "first here")],
                )
                flaws.report(entry, NAME_TWICE, entry.at("name"), message, related=related)


def method(found: GRPCMethodMatch, flaws: Flaws) -> None:
    """Judge what a gRPC call is matched by."""
    given = {"service": found.service, "method": found.method}
    if given == {"service": None, "method": None}:
        flaws.report(found, EMPTY_METHOD, found.at(), "a method match needs a service or a method")
    for member, value in given.items():
        if value is not None and found.type == "Exact" and not _CALLED[member].fullmatch(value):
            message = f'"{value}" is not the name of a gRPC {member}'
            flaws.report(found, BAD_METHOD, found.at(member), message)
