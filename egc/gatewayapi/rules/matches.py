"""What a match may say: paths, regular expressions, and names that count once.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

import re
from functools import cache
from urllib.parse import quote

from egc.diagnostics import Located, Rule, Severity, Sink
from egc.gatewayapi.graph import Graph, RouteNode, RuleNode
from egc.gatewayapi.models.httproute import HTTPHeaderMatch, HTTPPathMatch, HTTPQueryParamMatch, HTTPRouteMatch

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
BAD_REGEX = Rule(
    code="EGC2051",
    severity=Severity.ERROR,
    title="invalid regular expression",
    explanation="""
        Envoy uses RE2: no look-around and no back references. The expression must match the whole value.
        https://github.com/google/re2/wiki/Syntax
        """,
    help="Envoy uses RE2, without look-around and back references",
    condition="Accepted/UnsupportedValue",
)
NAME_TWICE = Rule(
    code="EGC2052",
    severity=Severity.ERROR,
    title="header or query parameter given twice in one match",
    explanation="All conditions of a match must hold, and each name may have one. Header names do not depend on case.",
    help="remove one of them, or make two matches if either should do",
)
RULE_TWICE = Rule(
    code="EGC2054",
    severity=Severity.ERROR,
    title="two rules of one name",
    explanation="Policies refer to a rule of a route by its name (`sectionName`), so no two may have the same.",
    help="rename one of them",
)
BAD_TIMEOUTS = Rule(
    code="EGC2053",
    severity=Severity.ERROR,
    title="backendRequest timeout longer than the request's",
    explanation="`backendRequest` limits one attempt, `request` all of them together; the first cannot be the longer.",
    help="make backendRequest the shorter one",
)

_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F", "#")
_FORBIDDEN_END = ("/..", "/.")
_STRAY = re.compile(r"[^-A-Za-z0-9/._~!$&'()*+,;=:@%]|%(?![0-9a-fA-F]{2})")


def validate(graph: Graph, sink: Sink) -> None:
    """Judge every match and the timeouts of every rule."""
    for route in graph.routes:
        if len(route.rules) > 1:
            _rule_names(route, sink)
        for rule in route.rules:
            for match in rule.spec.matches:
                _path(rule, match.path, sink)
                if match.headers or match.query_params:
                    _names(match, sink)
            _regexes(rule, sink)
            _timeouts(rule, sink)
        _conclude(route)


def _rule_names(route: RouteNode, sink: Sink) -> None:
    """A policy means a rule by its name."""
    first: dict[str, RuleNode] = {}
    for rule in route.rules:
        other = first.setdefault(rule.spec.name, rule) if rule.spec.name is not None else rule
        if other is not rule:
            related = [(other.spec.at("name"), "first here")]
            sink.report(RULE_TWICE, rule.spec.at("name"), f'another rule is named "{rule.spec.name}"', related=related)
            # A policy for that name could miss the rule that it is meant for.
            rule.broken = other.broken = True


def _timeouts(rule: RuleNode, sink: Sink) -> None:
    """Zero stands for no limit."""
    timeouts = rule.spec.timeouts
    if timeouts is None or not timeouts.request or timeouts.backend_request is None:
        return
    if timeouts.backend_request > timeouts.request:
        related = [(timeouts.at("request"), "the whole request")]
        message = "backendRequest is longer than request"
        sink.report(BAD_TIMEOUTS, timeouts.at("backendRequest"), message, related=related)


def _path(rule: RuleNode, path: HTTPPathMatch, sink: Sink) -> None:
    value = path.value
    if path.type == "RegularExpression":
        return
    help = ""
    if not value.startswith("/"):
        problem, help = 'does not start with "/"', f'write "/{value}"'
    elif (bad := next((f for f in _FORBIDDEN if f in value), None)) is not None:
        problem = f'contains "{bad}"'
    elif value.endswith(_FORBIDDEN_END):
        problem = f'ends with "{value[value.rindex("/") :]}"'
    elif (stray := _STRAY.search(value)) is not None:
        problem = f'contains "{stray[0]}"'
        help = "match the query with queryParams" if stray[0] == "?" else f'write "{quote(stray[0])}" instead'
    else:
        return
    sink.report(BAD_PATH, path.at("value"), f'path "{value}" {problem}', help=help)
    rule.broken = True
    if not value.startswith("/") or "?" in value or "#" in value:
        rule.dropped = True  # Envoy's schema has no such match


def _names(match: HTTPRouteMatch, sink: Sink) -> None:
    headers = [(h.name.lower(), h) for h in match.headers]
    for entries, what in ((headers, "header"), ([(q.name, q) for q in match.query_params], "query parameter")):
        seen: dict[str, Located] = {}
        for name, entry in entries:
            at = entry.at("name")
            first = seen.setdefault(name, at)
            if first is not at:
                message = f'{what} "{entry.name}" is given twice in this match'
                sink.report(NAME_TWICE, at, message, related=[(first, "first here")])


def _regexes(rule: RuleNode, sink: Sink) -> None:
    for match in rule.spec.matches:
        valued: list[HTTPPathMatch | HTTPHeaderMatch | HTTPQueryParamMatch] = [match.path]
        for entry in valued + match.headers + match.query_params:
            if entry.type == "RegularExpression" and (problem := regex_problem(entry.value)) is not None:
                message = f'regular expression "{entry.value}" is invalid: {problem}'
                sink.report(BAD_REGEX, entry.at("value"), message)
                rule.dropped = True


@cache
def regex_problem(expression: str) -> str | None:
    """What RE2 has against an expression, or None."""
    import re2  # noqa: PLC0415 - most sites have no regular expression

    try:
        re2.compile(expression, _quiet())
    except re2.error as error:
        return _text(error)
    return None


def _quiet() -> object:
    import re2  # noqa: PLC0415 - most builds do without it

    options = re2.Options()
    options.log_errors = False
    return options


def _text(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return re.sub(r"\s+", " ", text)


def _conclude(route: RouteNode) -> None:
    """A route whose rules all fail is not accepted; one with some sound rules is accepted in part."""
    dropped = [rule.index for rule in route.rules if rule.dropped]
    failed = route.conditions.denied("Accepted")
    if not dropped and not failed:
        return
    unsound = [rule.index for rule in route.rules if rule.dropped or rule.broken]
    if failed:
        del route.conditions.by_type["Accepted"]
    message = f"rules {', '.join(map(str, unsound))} are invalid"
    if len(unsound) == len(route.rules):
        route.conditions.set("Accepted", "UnsupportedValue", message, status=False)
    else:
        route.conditions.set("PartiallyInvalid", "UnsupportedValue", message)
