"""Which filters may stand together, and what they may say.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from collections import Counter

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.graph import Graph, RouteNode, RuleNode
from egc.gatewayapi.models.httproute import HTTPRouteFilter
from egc.gatewayapi.models.shared import HTTPHeader, HTTPHeaderFilter
from egc.kube.parse import honoured
from egc.kube.resources import key_of

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
    explanation="A redirect answers at once: nothing is left to rewrite or to forward to a backend.",
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
BAD_HEADER = Rule(
    code="EGC2045",
    severity=Severity.ERROR,
    title="header that cannot be changed",
    explanation="""
        A header filter cannot change or remove `Host` or the pseudo headers of HTTP/2, such as `:path`. A URLRewrite
        filter changes the host and the path that a backend sees.

        ```yaml
        - type: URLRewrite
          urlRewrite: {hostname: shop.internal}
        ```
        """,
    help="remove it, or use a URLRewrite filter",
    condition="Accepted/UnsupportedValue",
)
PREFIX_REPLACED = Rule(
    code="EGC2046",
    severity=Severity.ERROR,
    title="ReplacePrefixMatch without one prefix",
    explanation="It replaces the prefix that the rule matched, so the rule needs exactly one match, a PathPrefix.",
    help="match one PathPrefix, or use ReplaceFullPath",
)
HEADER_TWICE = Rule(
    code="EGC2047",
    severity=Severity.WARNING,
    title="header given twice in one filter",
    explanation="Header names do not depend on case. Of two entries for one name the first counts.",
    help="remove one of them",
)
NOT_ON_BACKENDS = Rule(
    code="EGC2048",
    severity=Severity.ERROR,
    title="filter that a backendRef cannot have",
    explanation="""
        The filters of a backendRef are for its share of the traffic alone. egc supports RequestHeaderModifier and
        ResponseHeaderModifier there; the other filters go on the rule.
        """,
    help="move the filter to the rule, or split the rule in two",
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
_ON_BACKENDS = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier"})
_REPEATABLE = frozenset({"RequestMirror", "ExtensionRef"})


def validate(graph: Graph, sink: Sink) -> None:
    """Judge the filters of every rule and of its backends."""
    for route in graph.routes:
        refused = key_of(route.resource) in graph.resources.refused
        for rule in route.rules:
            if refused and not honoured(rule.spec, lenient=sink.lenient):
                rule.broken = True
            _validate_rule(route, rule, sink)
            for backend in rule.backends:
                for found in backend.ref.filters:
                    if not _on_backend(found, route.conditions, sink):
                        rule.broken = True


def _on_backend(found: HTTPRouteFilter, conditions: Conditions, sink: Sink) -> bool:
    """Whether a backendRef's filter is sound and one that a share of traffic can have."""
    if found.type not in _ON_BACKENDS:
        sink.report(NOT_ON_BACKENDS, found.at("type"), f"a backendRef cannot have a {found.type} filter")
        return False
    return _member(found, conditions, sink) and _headers(found, conditions, sink)


def _validate_rule(route: RouteNode, rule: RuleNode, sink: Sink) -> None:
    filters = rule.spec.filters
    if not filters:
        return
    count = Counter(f.type for f in filters)
    for found in filters:
        if not _member(found, route.conditions, sink) or not _headers(found, route.conditions, sink):
            rule.broken = True
        first = next(other for other in filters if other.type == found.type)
        if first is not found and found.type not in _REPEATABLE:
            related = [(first.at("type"), "first here")]
            sink.report(REPEATED, found.at("type"), f"{found.type} is given twice in this rule", related=related)
        _path(rule, found, sink)
    redirect = next((f for f in filters if f.type == "RequestRedirect"), None)
    if redirect is not None:
        other = "URLRewrite" if count["URLRewrite"] else "RequestMirror" if count["RequestMirror"] else ""
        if other or rule.spec.backend_refs:
            message = f"a redirect cannot stand beside {other or 'backendRefs'}"
            help = f"remove one of them: the redirect, or {other or 'backendRefs'}"
            route.conditions.deny(INCOMPATIBLE, redirect.at("type"), message, sink, help=help)
            rule.broken = rule.broken or bool(other)


def _member(found: HTTPRouteFilter, conditions: Conditions, sink: Sink) -> bool:
    given = [kind for kind, member in _MEMBERS.items() if getattr(found, member) is not None]
    if given == [found.type]:
        return True
    other = next((kind for kind in given if kind != found.type), found.type)
    alias = type(found).model_fields[_MEMBERS[other]].alias or _MEMBERS[other]
    if other == found.type:
        message, help, at = f'a filter of type {found.type} needs "{alias}"', f'add "{alias}"', found.at("type")
    else:
        message, at = f'a filter of type {found.type} cannot have "{alias}"', found.at(alias).key
        help = f"remove it, or use type: {other}"
    conditions.deny(MEMBER_MISSING, at, message, sink, help=help)
    return False


def _headers(found: HTTPRouteFilter, conditions: Conditions, sink: Sink) -> bool:
    modifier = found.request_header_modifier or found.response_header_modifier
    return modifier is None or _modifier(modifier, found.type, conditions, sink)


def _modifier(modifier: HTTPHeaderFilter, kind: str, conditions: Conditions, sink: Sink) -> bool:
    sound = True
    names: dict[str, HTTPHeader] = {}
    for header in [*modifier.add, *modifier.set]:
        name = header.name.lower()
        first = names.setdefault(name, header)
        if kind == "RequestHeaderModifier" and name == "host":
            conditions.deny(BAD_HEADER, header.at("name"), "a header filter cannot change Host", sink)
            sound = False
        elif first is not header:
            message = f'header "{header.name}" is given twice; the first counts'
            sink.report(HEADER_TWICE, header.at("name"), message, related=[(first.at("name"), "the first")])
    for i, name in enumerate(modifier.remove):
        # https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/router/header_parser.cc refuses these too.
        if name.startswith(":") or name.lower() == "host":
            conditions.deny(BAD_HEADER, modifier.at("remove", i), f"a header filter cannot remove {name}", sink)
            sound = False
    return sound


def _path(rule: RuleNode, found: HTTPRouteFilter, sink: Sink) -> None:
    settings = found.request_redirect or found.url_rewrite
    path = settings.path if settings is not None else None
    if path is None:
        return
    given = {"ReplaceFullPath": path.replace_full_path, "ReplacePrefixMatch": path.replace_prefix_match}
    if [type for type, value in given.items() if value is not None] != [path.type]:
        message = f"{path.type} needs its own value and no other"
        help = f'write "{path.type[0].lower()}{path.type[1:]}"'
        rule.route.conditions.deny(MEMBER_MISSING, path.at("type"), message, sink, help=help)
        rule.broken = True
    elif path.type == "ReplacePrefixMatch":
        matches = rule.spec.matches
        if len(matches) != 1 or matches[0].path.type != "PathPrefix":
            sink.report(PREFIX_REPLACED, path.at("type"), "ReplacePrefixMatch needs a rule with one PathPrefix match")
            rule.broken = rule.broken or any(m.path.type != "PathPrefix" for m in matches)
