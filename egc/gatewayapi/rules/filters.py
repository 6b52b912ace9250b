"""Which filters may stand together, and what they may say.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.flaws import Flaws
from egc.gatewayapi.graph import BackendNode, Fault, Graph, RouteNode, RuleNode
from egc.gatewayapi.models.shared import HTTPHeader, HTTPHeaderFilter
from egc.gatewayapi.rules import external_auth
from egc.gatewayapi.validity.filters import INCOMPATIBLE, PREFIX_REPLACED
from egc.kube.parse import honoured
from egc.kube.resources import key_of

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
        The filters of a backendRef are for its share of the traffic alone. A preflight belongs to no share: CORS
        answers it before a backend is chosen. Nor can a session stay with a backend that has filters of its own.
        """,
    help="move the filter to the rule",
)
BAD_REPLACEMENT = Rule(
    code="EGC2193",
    severity=Severity.ERROR,
    title="path that no request can have",
    explanation="""
        What replaces a path, or a prefix of it, has neither spaces nor line breaks; they are written as `%20`.

        ```yaml
        urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /old%20shop}}
        ```
        """,
    help="encode it as %20, or remove it",
    condition="Accepted/UnsupportedValue",
)

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter

_EXCLUSIVE = {
    "URLRewrite": ("URLRewrite", "RequestRedirect"),
    "RequestRedirect": ("URLRewrite", "RequestRedirect"),
    "CORS": ("CORS",),
}
_ON_SHARES = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier"})
_NO_ENDPOINTS = 503
_NOT_IN_PATHS = re.compile(r"[\x00-\x20\x7f]")


def validate(graph: Graph, sink: Sink) -> None:
    """Judge the filters of every rule and of its backends."""
    for route in graph.routes:
        refused = key_of(route.resource) in graph.resources.refused
        for rule in route.rules:
            if refused and not honoured(rule.spec, lenient=sink.lenient):
                rule.broken = True
            _validate_rule(route, rule, graph.flaws, sink)
            for backend in rule.backends:
                if backend.filters and not _on_backend(rule, backend, graph.flaws, sink):
                    backend.backend, backend.fault = None, Fault(None, "one of its filters is at fault")


def _on_backend(rule: RuleNode, node: BackendNode, flaws: Flaws, sink: Sink) -> bool:
    """Whether a backendRef's filters are sound, and such that a share of the traffic can have them."""
    sound, conditions = True, rule.route.conditions
    for found in node.filters:
        refusal = _refusal(rule, found)
        if refusal:
            sink.report(NOT_ON_BACKENDS, found.at("type"), refusal)
            sound = False
        sound = _sound(rule, found, flaws, sink) and sound
    return _compatible(rule, [*rule.filters, *node.filters], conditions, sink) and sound


def _refusal(rule: RuleNode, found: RouteFilter) -> str:
    """Why one share of a rule's traffic cannot have a filter, or nothing."""
    excluded = _EXCLUSIVE.get(found.type, ())
    if other := next((other.type for other in rule.filters if other.type in excluded), ""):
        return f"a filter of type {found.type} cannot join the rule's {other} filter"
    if sum(1 for node in rule.backends if node.weight) < 2:
        return ""
    if found.type == "CORS":
        return "one of several backends cannot have a CORS filter"
    if rule.session is not None and found.type not in _ON_SHARES:
        return f"a backend of a rule with sessionPersistence cannot have a filter of type {found.type}"
    return ""


def _validate_rule(route: RouteNode, rule: RuleNode, flaws: Flaws, sink: Sink) -> None:
    for found in rule.filters:
        if not _sound(rule, found, flaws, sink):
            rule.broken = True
    for flaw in flaws.of(rule.spec):
        if flaw.rule is INCOMPATIBLE:
            route.conditions.mark(flaw.rule, flaw.message)
        elif flaw.rule is PREFIX_REPLACED and rule.http is not None:
            rule.broken = rule.broken or any(match.path.type != "PathPrefix" for match in rule.http.matches)
    if rule.filters and not _compatible(rule, rule.filters, route.conditions, sink):
        rule.broken = True


def _sound(rule: RuleNode, found: RouteFilter, flaws: Flaws, sink: Sink) -> bool:
    """Whether a filter can do what it says; what is wrong is told, or was told before."""
    conditions = rule.route.conditions
    if not _flawless(found, conditions, flaws) or not _headers(found, conditions, flaws, sink):
        return False
    if not _replacement(found, conditions, sink):
        return False
    auth = getattr(found, "external_auth", None)
    if auth is not None and not external_auth.judge(auth, conditions, sink):
        return False
    if isinstance(rule.extended.get(id(found)), Fault):
        return False
    asked = rule.asked.get(id(found))
    # Copies for a backend that exists but listens nowhere are lost, and nobody misses them.
    return asked is None or asked.fault is None or (auth is None and asked.fault.status == _NO_ENDPOINTS)


def _compatible(rule: RuleNode, filters: Sequence[RouteFilter], conditions: Conditions, sink: Sink) -> bool:
    """Whether filters that act on the same requests leave something to each other."""
    types = {found.type for found in filters}
    answers = {"RequestRedirect": "a redirect"} if "RequestRedirect" in types else {}
    if any(found.answers for found in rule.extensions(filters)):
        answers["ExtensionRef"] = "a direct response"
    # Envoy's CORS filter looks after what is forwarded alone.
    others = [other for other in ("RequestMirror", "CORS", *answers) if other in types]
    for type, what in answers.items():
        other = next((other for other in others if other != type), "")
        if other:
            at = next(found for found in filters if found.type == type).at("type")
            message, help = f"{what} cannot stand beside {other}", "remove one of them"
            conditions.deny(INCOMPATIBLE, at, message, sink, help=help)
            return False
    return not {"RequestRedirect", "URLRewrite"} <= types


def _flawless(found: RouteFilter, conditions: Conditions, flaws: Flaws) -> bool:
    """Whether a filter has what its type needs. If not, that is told; here it sets the conditions."""
    told = flaws.of(found)
    for flaw in told:
        conditions.mark(flaw.rule, flaw.message)
    return not told


def _replacement(found: RouteFilter, conditions: Conditions, sink: Sink) -> bool:
    holder = getattr(found, "url_rewrite", None) or getattr(found, "request_redirect", None)
    path = holder.path if holder is not None else None
    if path is None:
        return True
    members = {"replaceFullPath": path.replace_full_path, "replacePrefixMatch": path.replace_prefix_match}
    bad = [alias for alias, text in members.items() if text is not None and _NOT_IN_PATHS.search(text)]
    for alias in bad:
        conditions.deny(BAD_REPLACEMENT, path.at(alias), "no path has a space or a line break", sink)
    return not bad


def _headers(found: RouteFilter, conditions: Conditions, flaws: Flaws, sink: Sink) -> bool:
    modifier = found.request_header_modifier or found.response_header_modifier
    return modifier is None or _modifier(modifier, conditions, flaws, sink)


def _modifier(modifier: HTTPHeaderFilter, conditions: Conditions, flaws: Flaws, sink: Sink) -> bool:
    sound = True
    names: dict[str, HTTPHeader] = {}
    for header in [*modifier.add, *modifier.set]:
        name = header.name.lower()
        first = names.setdefault(name, header)
        if name == "host":
            conditions.deny(BAD_HEADER, header.at("name"), "a header filter cannot change Host", sink)
            sound = False
        elif first is not header and not flaws.of(header):
            message = f'header "{header.name}" is given twice; the first counts'
            sink.report(HEADER_TWICE, header.at("name"), message, related=[(first.at("name"), "the first")])
    for i, name in enumerate(modifier.remove):
        # https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/router/header_parser.cc refuses these too.
        if name.startswith(":") or name.lower() == "host":
            conditions.deny(BAD_HEADER, modifier.at("remove", i), f"a header filter cannot remove {name}", sink)
            sound = False
    return sound
