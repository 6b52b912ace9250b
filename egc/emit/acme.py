"""The way of ACME challenges: to the port on which certbot answers while it asks for a certificate."""

from datetime import timedelta

from egc.envoy import api as pb
from egc.plan.acme import PATH
from egc.plan.model import VirtualHost
from egc.profile.acme import Acme

CLUSTER = "egc-acme"
_PATIENCE = timedelta(seconds=10)


def route(host: VirtualHost) -> "pb.route.Route":
    """Before every other route, so that no redirect takes a challenge away."""
    return pb.route.Route(
        name=f"{CLUSTER}/{host.name}",
        match=pb.route.RouteMatch(prefix=PATH),
        route=pb.route.RouteAction(cluster=CLUSTER, timeout=_PATIENCE),
    )


def cluster(acme: Acme) -> "pb.cluster.Cluster":
    """certbot, which listens only while it asks: no health check, and 503 at all other times."""
    address = pb.core.SocketAddress(address="127.0.0.1", port_value=acme.port)
    endpoint = pb.endpoint.LbEndpoint(endpoint=pb.endpoint.Endpoint(address=pb.core.Address(socket_address=address)))
    return pb.cluster.Cluster(
        name=CLUSTER,
        type=pb.cluster.ClusterDiscoveryType.STATIC,
        connect_timeout=timedelta(seconds=2),
        load_assignment=pb.endpoint.ClusterLoadAssignment(
            cluster_name=CLUSTER, endpoints=[pb.endpoint.LocalityLbEndpoints(lb_endpoints=[endpoint])]
        ),
    )
