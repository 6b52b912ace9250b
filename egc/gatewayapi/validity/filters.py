"""Which filters may stand together, and that each has the settings of its type.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.validity import settings, unions

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.filters import HTTPPathModifier
    from egc.gatewayapi.models.grpcroute import GRPCBackendRef, GRPCRouteRule
    from egc.gatewayapi.models.httproute import HTTPBackendRef, HTTPRouteRule

    Filtering: TypeAlias = HTTPRouteRule | GRPCRouteRule

REPEATED = Rule(
    code="EGC2042",
    severity=Severity.ERROR,
    title="filter given twice in one rule",
    explanation="A rule may have each of these filters once; the order of two would be undefined. Merge them.",
    help="merge the two filters",
)
INCOMPATIBLE = Rule(
    code="EGC2043",
    severity=Severity.ERROR,
    title="filters that exclude each other",
    explanation="""
        A redirect or a direct response answers at once: nothing is left to rewrite, to mirror or to forward to a
        backend. Nor can CORS stand beside them, since Envoy adds no headers for browsers to answers of its own.
        """,
    condition="PartiallyInvalid/IncompatibleFilters",
)
MEMBER_MISSING = Rule(
    code="EGC2044",
    severity=Severity.ERROR,
    title="filter's type and settings disagree",
    explanation="""
        The `type` names the member that holds the settings; just that member must be there.

        ```yaml
        - type: RequestRedirect
          requestRedirect: {scheme: https}
        ```
        """,
    condition="Accepted/UnsupportedValue",
)
PREFIX_REPLACED = Rule(
    code="EGC2046",
    severity=Severity.ERROR,
    title="ReplacePrefixMatch without one prefix",
    explanation="It replaces the prefix that the rule matched, so the rule needs exactly one match, a PathPrefix.",
    help="match one PathPrefix, or use ReplaceFullPath",
)

_MEMBERS = {
    "RequestHeaderModifier": "request_header_modifier",
    "ResponseHeaderModifier": "response_header_modifier",
    "RequestMirror": "request_mirror",
    "RequestRedirect": "request_redirect",
    "URLRewrite": "url_rewrite",
    "ExtensionRef": "extension_ref",
    "CORS": "cors",
    "ExternalAuth": "external_auth",
}
_ALONE = {type: {"type", member} for type, member in _MEMBERS.items()}
_REPEATABLE = frozenset({"RequestMirror", "ExtensionRef"})


def judge(rule: Filtering, flaws: Flaws) -> None:
    """Judge the filters of a rule."""
    _together(rule, rule.filters, "rule", flaws)
    redirect = next((f for f in rule.filters if getattr(f, "request_redirect", None) is not None), None)
    if redirect is not None and rule.backend_refs and not _of_type(rule.filters, "URLRewrite"):
        _exclude(rule, redirect, "backendRefs", flaws)


def on_backend(ref: HTTPBackendRef | GRPCBackendRef, rule: Filtering, flaws: Flaws) -> None:
    """Judge the filters of a backendRef of a rule."""
    _together(rule, ref.filters, "backendRef", flaws)


def _together(rule: Filtering, filters: Sequence[RouteFilter], where: str, flaws: Flaws) -> None:
    for found in filters:
        member = _MEMBERS[found.type]
        if found.model_fields_set != _ALONE[found.type] or getattr(found, member) is None:
            _member(found, flaws)
        if member not in ("request_header_modifier", "response_header_modifier"):
            _paths(rule, found, flaws)
        settings.judge(found, flaws)
    if len(filters) > 1:
        _repeated(rule, filters, where, flaws)
        redirect = _of_type(filters, "RequestRedirect")
        if redirect is not None and _of_type(filters, "URLRewrite"):
            _exclude(rule, redirect, "URLRewrite", flaws)


def _of_type(filters: Iterable[RouteFilter], type: str) -> RouteFilter | None:
    return next((found for found in filters if found.type == type), None)


def _exclude(rule: Filtering, redirect: RouteFilter, other: str, flaws: Flaws) -> None:
    message, help = f"a redirect cannot stand beside {other}", f"remove one of them: the redirect, or {other}"
    flaws.report(rule, INCOMPATIBLE, redirect.at("type"), message, help=help)


def _repeated(rule: Filtering, filters: Iterable[RouteFilter], where: str, flaws: Flaws) -> None:
    seen: dict[str, RouteFilter] = {}
    for found in filters:
        first = seen.setdefault(found.type, found)
        if first is not found and found.type not in _REPEATABLE:
            message, related = f"{found.type} is given twice in this {where}", [(first.at("type"), "first here")]
            flaws.report(rule, REPEATED, found.at("type"), message, related=related)


def _member(found: RouteFilter, flaws: Flaws) -> None:
    fields = type(found).model_fields
    members = {
        kind: (fields[member].alias or member, getattr(found, member))
        for kind, member in _MEMBERS.items()
        if member in fields
    }
    wrong = unions.mismatch(found, "a filter", found.type, members)
    if wrong is not None:
        flaws.report(found, MEMBER_MISSING, wrong.at, wrong.message, help=wrong.help)


def _paths(rule: Filtering, found: RouteFilter, flaws: Flaws) -> None:
    for path in _modifiers(found):
        members = {
            "ReplaceFullPath": ("replaceFullPath", path.replace_full_path),
            "ReplacePrefixMatch": ("replacePrefixMatch", path.replace_prefix_match),
        }
        wrong = unions.mismatch(path, "a path", path.type, members)
        if wrong is not None:
            flaws.report(found, MEMBER_MISSING, wrong.at, wrong.message, help=wrong.help)
        if path.type == "ReplacePrefixMatch" and path.replace_prefix_match is not None and not _one_prefix(rule):
            message = "ReplacePrefixMatch needs a rule with one PathPrefix match"
            flaws.report(rule, PREFIX_REPLACED, path.at("type"), message)


def _modifiers(found: RouteFilter) -> Iterator[HTTPPathModifier]:
    for member in ("request_redirect", "url_rewrite"):
        holder = getattr(found, member, None)
        if holder is not None and holder.path is not None:
            yield holder.path


def _one_prefix(rule: Filtering) -> bool:
    path = getattr(rule.matches[0], "path", None) if len(rule.matches) == 1 else None
    return path is not None and path.type == "PathPrefix"
