"""What a match may say: paths, regular expressions, and names that count once.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from egc.diagnostics import Located, Rule, Severity, Sink
from egc.gatewayapi.graph import Graph, RouteNode, RuleNode
from egc.gatewayapi.validity.rules import RULE_TWICE

if TYPE_CHECKING:  # a site imports the models of the kinds that it has
    from egc.gatewayapi.models.grpcroute import GRPCHeaderMatch, GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPHeaderMatch, HTTPPathMatch, HTTPQueryParamMatch, HTTPRouteMatch

    _Valued = HTTPPathMatch | HTTPHeaderMatch | HTTPQueryParamMatch | GRPCHeaderMatch

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


def validate(graph: Graph, sink: Sink) -> None:
    """Judge every match, and draw the consequences of what is wrong with one."""
    for route in graph.routes:
        for rule in route.rules:
            for match in rule.http.matches if rule.http is not None else ():
                if graph.flaws.of(match.path):
                    rule.broken = True
                    if not match.path.value.startswith("/") or "?" in match.path.value or "#" in match.path.value:
                        rule.lost.add(id(match))  # Envoy's schema has no such match
            for call in rule.grpc.matches if rule.grpc is not None else ():
                if call.method is not None and graph.flaws.of(call.method):
                    rule.lost.add(id(call))
                    rule.broken = True
            if any(flaw.rule is RULE_TWICE for flaw in graph.flaws.of(rule.spec)):
                rule.broken = True  # a policy for that name could miss the rule that it is meant for
            _regexes(rule, sink)
        _conclude(route)


def _regexes(rule: RuleNode, sink: Sink) -> None:
    for match in rule.http.matches if rule.http is not None else ():
        _judge(rule, match, [match.path, *match.headers, *match.query_params], sink)
    for call in rule.grpc.matches if rule.grpc is not None else ():
        _judge(rule, call, call.headers, sink)


def _judge(rule: RuleNode, match: HTTPRouteMatch | GRPCRouteMatch, entries: Iterable[_Valued], sink: Sink) -> None:
    """Report every regular expression of a match that is none; what it describes cannot be told then."""
    for at, expression in _expressions(match, entries):
        if (problem := regex_problem(expression)) is not None:
            sink.report(BAD_REGEX, at, f'regular expression "{expression}" is invalid: {problem}')
            rule.lost.add(id(match))
            rule.broken = True


def _expressions(match: HTTPRouteMatch | GRPCRouteMatch, entries: Iterable[_Valued]) -> Iterator[tuple[Located, str]]:
    """Every regular expression of a match, and its place."""
    called = match.method
    if not isinstance(called, str | None) and called.type == "RegularExpression":
        named = {"service": called.service, "method": called.method}
        yield from ((called.at(member), text) for member, text in named.items() if text)
    yield from ((entry.at("value"), entry.value) for entry in entries if entry.type == "RegularExpression")


@cache
def regex_problem(expression: str) -> str | None:
    """What RE2, or Envoy, has against an expression, or None."""
    if not expression:
        return "it is empty"
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
    lost = any(rule.lost for rule in route.rules)
    failed = route.conditions.denied("Accepted")
    if not lost and not failed:
        return
    unsound = [rule.index for rule in route.rules if rule.broken]
    if failed:
        del route.conditions.by_type["Accepted"]
    message = f"rules {', '.join(map(str, unsound))} are invalid"
    if len(unsound) == len(route.rules):
        route.conditions.set("Accepted", "UnsupportedValue", message, status=False)
    else:
        route.conditions.set("PartiallyInvalid", "UnsupportedValue", message)
