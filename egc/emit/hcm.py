"""The HTTP connection manager of a chain."""

from egc.emit.filters import FilterChain
from egc.emit.routes import route_configuration
from egc.envoy import api as pb
from egc.features import FEATURES, Context, Feature
from egc.plan.model import Chain, Listener

NAME = "envoy.filters.network.http_connection_manager"
ON_HCM = tuple(feature for feature in FEATURES if type(feature).on_hcm is not Feature.on_hcm)


def connection_manager(listener: Listener, chain: Chain, ctx: Context) -> "pb.listener.Filter":
    """A network filter that speaks HTTP and routes."""
    filters = FilterChain(chain, ctx)
    message = pb.hcm.HttpConnectionManager(stat_prefix=f"{'https' if chain.tls else 'http'}-{listener.port}")
    message.route_config = route_configuration(chain, filters, ctx)
    message.http_filters = filters.filters()
    for feature in ON_HCM:
        feature.on_hcm(chain, message, ctx)
    return pb.listener.Filter(name=NAME, typed_config=pb.pack(message))
