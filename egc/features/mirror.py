"""RequestMirror: copies of requests for other backends, whose answers nobody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import MILLION, Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.shared import HTTPRequestMirrorFilter

_PERCENT = 100


class RequestMirror(Feature):
    """https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter"""

    def on_route(self, route: Route, message: pb.route.Route, ctx: Context) -> None:
        """A policy for each mirror; one of a share of 0 has no cluster."""
        if message.route is None or not route.asked:
            return
        for found in route.filters:
            mirror, cluster = found.request_mirror, route.asked.get(id(found))
            if mirror is not None and cluster is not None:
                policy = pb.route.RouteActionRequestMirrorPolicy(
                    cluster=cluster.name,
                    # The copy has the host that the request has: a backend can tell neither from the other.
                    disable_shadow_host_suffix_append=True,
                )
                share = _share(mirror, route)
                if share is not None:
                    policy.runtime_fraction = pb.core.RuntimeFractionalPercent(default_value=share)
                message.route.request_mirror_policies.append(policy)


def _share(mirror: HTTPRequestMirrorFilter, route: Route) -> pb.types.FractionalPercent | None:
    """How much is copied; None for everything. Envoy knows hundredths and millionths."""
    kinds = pb.types.FractionalPercentDenominatorType
    part, whole = _PERCENT if mirror.percent is None else mirror.percent, _PERCENT
    if mirror.fraction is not None:
        part, whole = mirror.fraction.numerator, mirror.fraction.denominator
    if part >= whole:
        return None
    low, high = route.above, route.below or MILLION
    if (low, high) != (0, MILLION):
        # The random number that chose the route is the one that chooses what is copied: a part of the route's own part.
        # https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/router/router.cc (shouldShadow)
        numerator = low + max(1, round(part * (high - low) / whole))
        return pb.types.FractionalPercent(numerator=numerator, denominator=kinds.MILLION)
    if part * _PERCENT % whole == 0:
        return pb.types.FractionalPercent(numerator=part * _PERCENT // whole, denominator=kinds.HUNDRED)
    return pb.types.FractionalPercent(numerator=max(1, round(part * MILLION / whole)), denominator=kinds.MILLION)
