"""Retries: ``retry`` of an HTTPRoute's rule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.httproute import HTTPRouteRetry

# Envoy Gateway's numbers, where the specification leaves them open.
ATTEMPTS = 2
CODES = (503,)
_OTHER_HOSTS = "envoy.retry_host_predicates.previous_hosts"
_SELECTIONS = 5
_SHORTEST = timedelta(milliseconds=1)
_UINT32_MAX = 2**32 - 1


class Retry(Feature):
    """https://gateway-api.sigs.k8s.io/geps/gep-1731/"""

    def on_route(self, route: Route, message: pb.route.Route, ctx: Context) -> None:
        """Try again, at another endpoint if there is one."""
        retry = route.rule.http.retry if route.rule.http is not None else None
        if retry is None or message.route is None:
            return
        timeouts = route.rule.http.timeouts if route.rule.http is not None else None
        message.route.retry_policy = policy = _policy(retry)
        if timeouts is not None and timeouts.backend_request:
            policy.per_try_timeout = timeouts.backend_request


def _policy(retry: HTTPRouteRetry) -> pb.route.RetryPolicy:
    """Besides the codes, all that keeps an answer from coming is tried again: no connection, a reset, a timeout.

    The specification wants it so where a rule has ``retry``. Envoy counts the timeout of one attempt as a reset.
    https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on
    """
    policy = pb.route.RetryPolicy(
        retry_on="connect-failure,refused-stream,reset,retriable-status-codes",
        retriable_status_codes=list(retry.codes or CODES),
        num_retries=min(retry.attempts or ATTEMPTS, _UINT32_MAX),
        retry_host_predicate=[
            pb.route.RetryPolicyRetryHostPredicate(
                name=_OTHER_HOSTS, typed_config=pb.pack(pb.previous_hosts.PreviousHostsPredicate())
            )
        ],
        host_selection_retry_max_attempts=_SELECTIONS,
    )
    if retry.backoff is not None:
        policy.retry_back_off = pb.route.RetryPolicyRetryBackOff(base_interval=max(retry.backoff, _SHORTEST))
    return policy
