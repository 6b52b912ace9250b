"""Clusters and their endpoints."""

from datetime import timedelta

from egc.envoy import api as pb
from egc.features import FEATURES, Context, Feature
from egc.gatewayapi.graph import Endpoint
from egc.plan.model import Cluster

ON_CLUSTER = tuple(feature for feature in FEATURES if type(feature).on_cluster is not Feature.on_cluster)
_DNS = "envoy.cluster.dns"
_DNS_REFRESH = timedelta(seconds=30)


def cluster(plan: Cluster, ctx: Context) -> "pb.cluster.Cluster":
    """Addresses are static; names are resolved again and again while Envoy runs."""
    message = pb.cluster.Cluster(
        name=plan.name,
        lb_policy=pb.cluster.ClusterLbPolicy.LEAST_REQUEST,
        load_assignment=pb.endpoint.ClusterLoadAssignment(
            cluster_name=plan.name,
            endpoints=_localities(plan),
        ),
        ignore_health_on_host_removal=True,
    )
    if plan.localities:
        weighted = pb.cluster.ClusterCommonLbConfigLocalityWeightedLbConfig()
        message.common_lb_config = pb.cluster.ClusterCommonLbConfig(locality_weighted_lb_config=weighted)
    if any(endpoint.is_name for endpoint in plan.endpoints):
        message.cluster_type = pb.cluster.ClusterCustomClusterType(name=_DNS, typed_config=pb.pack(_dns()))
    else:
        message.type = pb.cluster.ClusterDiscoveryType.STATIC
    for feature in ON_CLUSTER:
        feature.on_cluster(plan, message, ctx)
    return message


def _localities(plan: Cluster) -> list["pb.endpoint.LocalityLbEndpoints"]:
    """All endpoints are one locality, unless they are of several backends, which have weights."""
    if not plan.localities:
        endpoints = [_endpoint(endpoint) for endpoint in plan.endpoints]
        return [pb.endpoint.LocalityLbEndpoints(lb_endpoints=endpoints)] if endpoints else []
    return [
        pb.endpoint.LocalityLbEndpoints(
            locality=pb.core.Locality(region=locality.name),
            load_balancing_weight=locality.weight,
            lb_endpoints=[_endpoint(endpoint) for endpoint in locality.endpoints],
        )
        for locality in plan.localities
    ]


def _dns() -> "pb.dns_cluster.DnsCluster":
    return pb.dns_cluster.DnsCluster(
        dns_refresh_rate=_DNS_REFRESH,
        respect_dns_ttl=True,
        dns_lookup_family=pb.dns_cluster_common.DnsLookupFamily.V4_PREFERRED,
    )


def _endpoint(endpoint: Endpoint) -> "pb.endpoint.LbEndpoint":
    if endpoint.path:
        address = pb.core.Address(pipe=pb.core.Pipe(path=endpoint.path))
    else:
        address = pb.core.Address(socket_address=pb.core.SocketAddress(address=endpoint.host, port_value=endpoint.port))
    message = pb.endpoint.LbEndpoint(endpoint=pb.endpoint.Endpoint(address=address))
    if endpoint.hostname and message.endpoint is not None:
        message.endpoint.hostname = endpoint.hostname
    if endpoint.draining:
        message.health_status = pb.core.HealthStatus.DRAINING
    return message
