"""Statistics of gRPC: calls, messages and statuses, for each method that a route names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use, turned_on
from egc.plan.model import Chain, Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.grpcroute import GRPCMethodMatch


class GrpcStats(HttpFilter):
    """Count the calls of GRPCRoutes.

    Not by every method that is called, as Envoy Gateway does: clients can make up names, and each takes memory.
    https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_stats_filter
    """

    filter = "envoy.filters.http.grpc_stats"

    def shared(self, chain: Chain, ctx: Context) -> pb.grpc_stats.FilterConfig:
        """The methods that exact matches of the chain name; all other calls are counted together."""
        named: dict[str, set[str]] = defaultdict(set)
        for called in (call for host in chain.hosts for route in host.routes for call in _called(route)):
            if called.type == "Exact" and called.service and called.method:
                named[called.service].add(called.method)
        message = pb.grpc_stats.FilterConfig(emit_filter_state=True)
        if named:
            message.individual_method_stats_allowlist = pb.core.GrpcMethodList(
                services=[
                    pb.core.GrpcMethodListService(name=service, method_names=sorted(methods))
                    for service, methods in sorted(named.items())
                ]
            )
        else:
            message.stats_for_all_methods = False
        return message

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """GRPCRoutes alone."""
        return (turned_on(),) if route.rule.grpc is not None else ()


def _called(route: Route) -> list[GRPCMethodMatch]:
    """The methods that a route of a GRPCRoute names."""
    grpc = route.rule.grpc
    return [match.method for match in grpc.matches if match.method is not None] if grpc is not None else []
