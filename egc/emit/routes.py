"""Virtual hosts and routes."""

from egc.emit import acme
from egc.emit.filters import FilterChain
from egc.emit.matches import route_match
from egc.envoy import api as pb
from egc.features import FEATURES, Context, Feature
from egc.gatewayapi.graph import RuleNode
from egc.plan import names
from egc.plan.model import Chain, Forward, Preflight, Respond, Route, VirtualHost
from egc.plan.routes import UNAVAILABLE, lost_status

ON_ROUTE = tuple(feature for feature in FEATURES if type(feature).on_route is not Feature.on_route)
MISDIRECTED = 421
BROKEN = 500


def route_configuration(chain: Chain, filters: FilterChain, ctx: Context) -> "pb.route.RouteConfiguration":
    """The route table of a connection manager."""
    return pb.route.RouteConfiguration(
        name=chain.name,
        virtual_hosts=[_virtual_host(host, filters, ctx) for host in chain.hosts],
        ignore_port_in_host_matching=True,
        # A share of traffic that leads nowhere goes to a cluster that does not exist, on purpose.
        validate_clusters=False,
    )


def _virtual_host(host: VirtualHost, filters: FilterChain, ctx: Context) -> "pb.route.VirtualHost":
    message = pb.route.VirtualHost(name=host.name, domains=list(host.domains))
    if host.misdirected:
        message.routes = [
            pb.route.Route(
                name=host.name,
                match=pb.route.RouteMatch(prefix="/"),
                direct_response=pb.route.DirectResponseAction(status=MISDIRECTED),
            )
        ]
    elif host.routes:
        message.routes = [_route(route, filters, ctx) for route in host.routes]
    if host.challenges:
        message.routes.insert(0, acme.route(host))
    return message


def _route(route: Route, filters: FilterChain, ctx: Context) -> "pb.route.Route":
    message = pb.route.Route(name=route.name, match=route_match(route))
    configs = None if isinstance(route.action, Respond) else filters.per_route(route)
    if configs is None and not isinstance(route.action, Respond):
        route.action = Respond(BROKEN)  # who looks at the plan afterwards sees what Envoy does
    if isinstance(route.action, Respond):
        message.direct_response = pb.route.DirectResponseAction(status=route.action.status)
        return message
    if isinstance(route.action, Preflight):
        # The CORS filter answers, but only where something is forwarded. Whatever else comes here is for nobody.
        codes = pb.route.RouteActionClusterNotFoundResponseCode
        message.route = pb.route.RouteAction(cluster=names.NO_CLUSTER, cluster_not_found_response_code=codes.NOT_FOUND)
        message.typed_per_filter_config = configs or {}
        return message
    if isinstance(route.action, Forward):
        message.route = _forward(route.action, route.rule, alone=route.alone is not None)
    for feature in ON_ROUTE:
        feature.on_route(route, message, ctx)
    if configs:
        message.typed_per_filter_config = configs
    return message


def _forward(action: Forward, rule: RuleNode, *, alone: bool) -> "pb.route.RouteAction":
    """One cluster where one will do; weights, or a backend with filters of its own, need several."""
    first = action.shares[0]
    if len(action.shares) == 1 and first.cluster is not None and (alone or not first.node.filters):
        return pb.route.RouteAction(cluster=first.cluster.name)
    message = pb.route.RouteAction(
        weighted_clusters=pb.route.WeightedCluster(
            clusters=[
                pb.route.WeightedClusterClusterWeight(
                    name=share.cluster.name if share.cluster else names.NO_CLUSTER, weight=share.weight
                )
                for share in action.shares
            ]
        )
    )
    if any(share.cluster is None for share in action.shares):
        codes = pb.route.RouteActionClusterNotFoundResponseCode
        message.cluster_not_found_response_code = (
            codes.SERVICE_UNAVAILABLE if lost_status(rule) == UNAVAILABLE else codes.INTERNAL_SERVER_ERROR
        )
    return message
