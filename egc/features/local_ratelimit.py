"""Local rate limits: ``BackendTrafficPolicy.spec.rateLimit`` of type Local, counted by this Envoy alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from egc.diagnostics import Rule, Severity
from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use
from egc.features.ratelimit_selectors import Descriptor, problems
from egc.plan.model import Chain, Forward, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from egc.diagnostics import Located
    from egc.envoygateway.models.ratelimit import RateLimitRule, RateLimitValue

SEVERAL_DEFAULTS = Rule(
    code="EGC3110",
    severity=Severity.ERROR,
    title="two limits for every request",
    explanation="""
        A rule without `clientSelectors` limits all requests of the route together. There can be one such rule;
        add selectors to the others.
        """,
    help="keep one rule without clientSelectors",
)
UNIT_MISMATCH = Rule(
    code="EGC3111",
    severity=Severity.ERROR,
    title="rate limit unit that does not divide another",
    explanation="""
        Envoy fills all buckets of a filter on one clock: the unit of every rule must be a multiple of the unit of the
        rule without `clientSelectors`.
        """,
    help="use the same unit in both rules",
)
TYPE_WITHOUT_RULES = Rule(
    code="EGC3112",
    severity=Severity.ERROR,
    title="rate limit without rules",
    explanation="A `rateLimit` of type Local needs `local.rules`; without them nothing is limited.",
    help="add local.rules",
)
BAD_CONDITION = Rule(
    code="EGC3113",
    severity=Severity.ERROR,
    title="rate limit condition that cannot be tested",
    explanation="""
        A selector has at least one condition. One of type Exact or RegularExpression needs a `value`, a regular
        expression must be one of RE2, and a `sourceCIDR` is an address or a network.

        ```yaml
        clientSelectors:
        - sourceCIDR: {type: Distinct, value: 192.0.2.0/24}
          headers: [{name: X-Tenant, value: shop}]
        ```
        """,
    help="correct the condition, or remove it",
)

NOTHING_PASSES = Rule(
    code="EGC3114",
    severity=Severity.ERROR,
    title="rate limit that lets nothing pass",
    explanation="""
        Envoy's buckets hold at least one token, so `requests: 0` cannot be counted. What nobody may call needs no
        limit: leave its path out of the route.
        """,
    help="allow at least one request",
)

_Fault: TypeAlias = "tuple[Rule, Located, str, Sequence[tuple[Located, str]]]"
_UNITS = {
    "Second": timedelta(seconds=1),
    "Minute": timedelta(minutes=1),
    "Hour": timedelta(hours=1),
    "Day": timedelta(days=1),
    "Week": timedelta(weeks=1),
    "Month": timedelta(days=30),
    "Year": timedelta(days=365),
}
_UNLIMITED = 2**32 - 1
_DYNAMIC_DESCRIPTORS = 10000


class LocalRateLimit(HttpFilter):
    """A token bucket for all requests of a route, and one for each rule with selectors."""

    filter = "envoy.filters.http.local_ratelimit"

    def shared(self, chain: Chain, ctx: Context) -> pb.local_ratelimit.LocalRateLimit:
        """The filter limits nothing by itself."""
        return pb.local_ratelimit.LocalRateLimit(stat_prefix="http_local_rate_limiter")

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...] | None:
        """The policy of a route that forwards; what Envoy answers itself is not limited."""
        limit = route.traffic.spec.rate_limit if route.traffic else None
        if limit is None or not isinstance(route.action, Forward):
            return ()
        if limit.type == "Global" and limit.global_ is not None:
            return ()  # refused as not supported, or left out on request
        if limit.type == "Global" or limit.local is None or not limit.local.rules:
            ctx.sink.report(TYPE_WITHOUT_RULES, limit.at(), "the rate limit has no local.rules")
            return None
        faults = list(_faults(limit.local.rules))
        for rule, at, message, related in faults:
            ctx.sink.report(rule, at, message, related=related)
        return None if faults else (Use(_limit(limit.local.rules)),)


def _faults(rules: list[RateLimitRule]) -> Iterator[_Fault]:
    """Why Envoy cannot count as the rules say."""
    defaults = [rule for rule in rules if not rule.client_selectors]
    for other in defaults[1:]:
        yield SEVERAL_DEFAULTS, other.at(), "another rule has no clientSelectors", [(defaults[0].at(), "the first one")]
    for rule in rules:
        for at, message in problems(rule.client_selectors):
            yield BAD_CONDITION, at, message, []
        unit = rule.limit.unit
        if not rule.limit.requests:
            yield NOTHING_PASSES, rule.limit.at("requests"), "a limit of no requests", []
        if defaults and _UNITS[unit] % _UNITS[defaults[0].limit.unit]:
            related = [(defaults[0].limit.at("unit"), "the rule without clientSelectors")]
            message = f"{unit} is not a multiple of {defaults[0].limit.unit}"
            yield UNIT_MISMATCH, rule.limit.at("unit"), message, related


def _limit(rules: list[RateLimitRule]) -> pb.local_ratelimit.LocalRateLimit:
    default = next((rule for rule in rules if not rule.client_selectors), None)
    selected = [
        (rule, Descriptor(f"rule-{i}", rule.client_selectors)) for i, rule in enumerate(rules) if rule.client_selectors
    ]
    config = pb.local_ratelimit.LocalRateLimit(
        stat_prefix="http_local_rate_limiter",
        token_bucket=_bucket(default.limit) if default else _unlimited(),
        filter_enabled=_percent(100),
        filter_enforced=_percent(0 if default and default.shadow_mode else 100),
        rate_limits=[pb.route.RateLimit(actions=actions) for _, one in selected for actions in one.actions()],
        descriptors=[
            pb.ratelimit.LocalRateLimitDescriptor(
                entries=one.entries(), token_bucket=_bucket(rule.limit), shadow_mode=bool(rule.shadow_mode)
            )
            for rule, one in selected
        ],
        # A request that a rule with selectors counts takes no token of the rule without.
        always_consume_default_token_bucket=False,
    )
    if any(one.distinct for _, one in selected):
        config.max_dynamic_descriptors = _DYNAMIC_DESCRIPTORS
    if _headers(rules):
        config.enable_x_ratelimit_headers = pb.ratelimit.XRateLimitHeadersRfcVersion.DRAFT_VERSION_03
    return config


def _bucket(limit: RateLimitValue) -> pb.types.TokenBucket:
    """All tokens come back at once when the unit is over, as in Envoy Gateway."""
    return pb.types.TokenBucket(
        max_tokens=limit.requests, tokens_per_fill=limit.requests, fill_interval=_UNITS[limit.unit]
    )


def _unlimited() -> pb.types.TokenBucket:
    """For requests that no rule describes."""
    return pb.types.TokenBucket(max_tokens=_UNLIMITED, tokens_per_fill=_UNLIMITED, fill_interval=timedelta(seconds=1))


def _percent(percent: int) -> pb.core.RuntimeFractionalPercent:
    return pb.core.RuntimeFractionalPercent(default_value=pb.types.FractionalPercent(numerator=percent))


def _headers(rules: list[RateLimitRule]) -> bool:
    """Whether answers tell the client of its limit; a rule may turn that off."""
    return not any(rule.x_rate_limit_headers == "Off" for rule in rules)
