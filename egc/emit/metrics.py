"""The listener for Prometheus: GET /stats/prometheus and GET /ready on loopback, and nothing else."""

from egc.envoy import api as pb
from egc.profile import Profile

CLUSTER = "prometheus_stats"
NAME = "egc-metrics"
_PATHS = ("/stats/prometheus", "/ready")


def listener(profile: Profile) -> "pb.listener.Listener":
    """Passes two paths on to the admin interface, which itself stays closed."""
    manager = pb.hcm.HttpConnectionManager(
        stat_prefix=NAME,
        route_config=pb.route.RouteConfiguration(
            name=NAME,
            virtual_hosts=[pb.route.VirtualHost(name=NAME, domains=["*"], routes=[_route(path) for path in _PATHS])],
        ),
        http_filters=[pb.hcm.HttpFilter(name="envoy.filters.http.router", typed_config=pb.pack(pb.router.Router()))],
        normalize_path=True,
    )
    chain = pb.listener.FilterChain(
        filters=[
            pb.listener.Filter(name="envoy.filters.network.http_connection_manager", typed_config=pb.pack(manager))
        ]
    )
    address = pb.core.SocketAddress(address=profile.metrics.address, port_value=profile.metrics.port)
    return pb.listener.Listener(
        name=NAME,
        address=pb.core.Address(socket_address=address),
        filter_chains=[chain],
        # Whoever watches must get through when clients have used up all connections.
        ignore_global_conn_limit=True,
        bypass_overload_manager=True,
    )


def _route(path: str) -> "pb.route.Route":
    get = pb.route.HeaderMatcher(name=":method", string_match=pb.matcher.StringMatcher(exact="GET"))
    return pb.route.Route(
        match=pb.route.RouteMatch(path=path, headers=[get]), route=pb.route.RouteAction(cluster=CLUSTER)
    )


def cluster(profile: Profile) -> "pb.cluster.Cluster":
    """The admin interface as a backend."""
    endpoint = pb.endpoint.LbEndpoint(endpoint=pb.endpoint.Endpoint(address=admin_address(profile)))
    return pb.cluster.Cluster(
        name=CLUSTER,
        type=pb.cluster.ClusterDiscoveryType.STATIC,
        load_assignment=pb.endpoint.ClusterLoadAssignment(
            cluster_name=CLUSTER, endpoints=[pb.endpoint.LocalityLbEndpoints(lb_endpoints=[endpoint])]
        ),
    )


def admin_address(profile: Profile) -> "pb.core.Address":
    """A socket that only Envoy's own user may open, or a loopback port."""
    admin = profile.admin
    if admin.startswith("/"):
        return pb.core.Address(pipe=pb.core.Pipe(path=admin, mode=0o600))
    host, _, port = admin.rpartition(":")
    return pb.core.Address(socket_address=pb.core.SocketAddress(address=host.strip("[]"), port_value=int(port)))
