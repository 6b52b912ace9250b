"""A small edge configuration in typed messages; run as a program, it prints it as YAML."""

import sys
from datetime import timedelta

import betterproto2

from egc.envoy import api as pb
from egc.envoy.printer import to_yaml

ROUTER = "envoy.filters.http.router"


def bootstrap() -> pb.bootstrap.Bootstrap:
    """Route one host to one cluster, with a little of every kind of value."""
    return pb.bootstrap.Bootstrap(
        static_resources=pb.bootstrap.BootstrapStaticResources(listeners=[_listener()], clusters=[_cluster()])
    )


def _listener() -> pb.listener.Listener:
    manager = pb.hcm.HttpConnectionManager(
        stat_prefix="http",
        stream_idle_timeout=timedelta(0),
        http_filters=[
            pb.hcm.HttpFilter(name="envoy.filters.http.cors", typed_config=pb.pack(pb.cors.Cors())),
            pb.hcm.HttpFilter(name=ROUTER, typed_config=pb.pack(pb.router.Router(suppress_envoy_headers=True))),
        ],
        route_config=pb.route.RouteConfiguration(
            name="http",
            virtual_hosts=[pb.route.VirtualHost(name="all", domains=["*"], routes=[_route()])],
            validate_clusters=False,
        ),
    )
    return pb.listener.Listener(
        name="web/eg/http",
        address=_address("0.0.0.0", 10080),
        filter_chains=[_chain("envoy.filters.network.http_connection_manager", manager)],
    )


def _route() -> pb.route.Route:
    return pb.route.Route(
        name="httproute/web/shop/rule/0/match/0/*",
        match=pb.route.RouteMatch(path_separated_prefix="/shop", case_sensitive=False),
        route=pb.route.RouteAction(
            cluster="shop",
            timeout=timedelta(milliseconds=1500),
            retry_policy=pb.route.RetryPolicy(retry_on="5xx", num_retries=0),
        ),
        metadata=pb.core.Metadata(
            filter_metadata={"envoy-gateway": pb.protobuf.Struct.from_dict({"weight": 1, "tags": ["a", None, True]})}
        ),
        typed_per_filter_config={"envoy.filters.http.cors": pb.pack(pb.route.FilterConfig(config=pb.protobuf.Any()))},
    )


def _cluster() -> pb.cluster.Cluster:
    address = _address("127.0.0.1", 8001)
    return pb.cluster.Cluster(
        name="shop",
        type=pb.cluster.ClusterDiscoveryType.STATIC,
        connect_timeout=timedelta(seconds=10),
        lb_policy=pb.cluster.ClusterLbPolicy.LEAST_REQUEST,
        outlier_detection=pb.cluster.OutlierDetection(consecutive_5xx=5),
        load_assignment=pb.endpoint.ClusterLoadAssignment(
            cluster_name="shop",
            endpoints=[
                pb.endpoint.LocalityLbEndpoints(
                    lb_endpoints=[pb.endpoint.LbEndpoint(endpoint=pb.endpoint.Endpoint(address=address))]
                )
            ],
        ),
    )


def _chain(name: str, config: betterproto2.Message) -> pb.listener.FilterChain:
    return pb.listener.FilterChain(filters=[pb.listener.Filter(name=name, typed_config=pb.pack(config))])


def _address(address: str, port: int) -> pb.core.Address:
    return pb.core.Address(socket_address=pb.core.SocketAddress(address=address, port_value=port))


if __name__ == "__main__":
    sys.stdout.write(to_yaml(pb.to_plain(bootstrap())))
