"""gRPC-Web: browsers call the backends of GRPCRoutes too."""

from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use, turned_on
from egc.plan.model import Chain, Route


class GrpcWeb(HttpFilter):
    """Translate gRPC-Web to gRPC and back; what is gRPC already passes as it is."""

    filter = "envoy.filters.http.grpc_web"

    def shared(self, chain: Chain, ctx: Context) -> "pb.grpc_web.GrpcWeb":
        """The filter has no settings."""
        return pb.grpc_web.GrpcWeb()

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """Only GRPCRoutes: a backend of an HTTPRoute may speak gRPC-Web itself."""
        return (turned_on(),) if route.rule.grpc is not None else ()
