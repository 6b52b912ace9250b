"""The rules of a route: their names, and how many matches they have together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.graph import RouteRule
    from egc.gatewayapi.models.grpcroute import GRPCRouteRule
    from egc.gatewayapi.models.httproute import HTTPRouteRule

    Matching: TypeAlias = HTTPRouteRule | GRPCRouteRule

RULE_TWICE = Rule(
    code="EGC2054",
    severity=Severity.ERROR,
    title="two rules of one name",
    explanation="Policies refer to a rule of a route by its name (`sectionName`), so no two may have the same.",
    help="rename one of them",
)
TOO_MANY_MATCHES = Rule(
    code="EGC2101",
    severity=Severity.ERROR,
    title="more than 128 matches in one route",
    explanation="A route may have 16 rules and a rule 64 matches, but all rules of a route together only 128 matches.",
    help="split the route in two",
)

_MOST = 128


def judge(rules: Iterable[RouteRule], flaws: Flaws) -> None:
    """Report rules of one name. Both have the flaw: nobody knows which of them a policy means."""
    first: dict[str, RouteRule] = {}
    for rule in rules:
        other = first.setdefault(rule.name, rule) if rule.name is not None else rule
        if other is not rule:
            message, related = f'another rule is named "{rule.name}"', [(other.at("name"), "first here")]
            for flawed in (rule, other):
                flaws.report(flawed, RULE_TWICE, rule.at("name"), message, related=related)


def count(rules: Iterable[Matching], flaws: Flaws) -> None:
    """Report the rule with which the matches become too many."""
    total = 0
    for rule in rules:
        before, total = total, total + len(rule.matches)
        if before <= _MOST < total:
            at = rule.at("matches", _MOST - before)
            flaws.report(rule, TOO_MANY_MATCHES, at, f"the route has more than {_MOST} matches")
