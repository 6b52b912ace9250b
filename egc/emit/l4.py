"""What passes connections and datagrams on unread."""

from betterproto2 import Message

from egc.emit import secrets
from egc.envoy import api as pb
from egc.features import FEATURES, Context, Feature
from egc.plan import names
from egc.plan.model import Listener, Share, Tunnel

ON_TCP_PROXY = tuple(feature for feature in FEATURES if type(feature).on_tcp_proxy is not Feature.on_tcp_proxy)
ON_UDP_PROXY = tuple(feature for feature in FEATURES if type(feature).on_udp_proxy is not Feature.on_udp_proxy)
_TLS = "envoy.transport_sockets.tls"
_TCP_PROXY = "envoy.filters.network.tcp_proxy"
_UDP_PROXY = "envoy.filters.udp_listener.udp_proxy"
_MILLION = 1_000_000


def filter_chain(listener: Listener, tunnel: Tunnel, ctx: Context) -> "pb.listener.FilterChain":
    """A chain that takes connections by their server names; without any, all that no other chain takes."""
    message = pb.listener.FilterChain(name=tunnel.name, filters=[_tcp_proxy(listener, tunnel, ctx)])
    if tunnel.certificates:
        context = secrets.downstream(tunnel, ctx)
        message.transport_socket = pb.core.TransportSocket(name=_TLS, typed_config=pb.pack(context))
        timeout = tunnel.client.spec.timeout if tunnel.client else None
        if timeout and timeout.tcp and timeout.tcp.tls_handshake_timeout is not None:
            message.transport_socket_connect_timeout = timeout.tcp.tls_handshake_timeout
    if tunnel.server_names:
        message.filter_chain_match = pb.listener.FilterChainMatch(server_names=list(tunnel.server_names))
    elif tunnel.tls and not tunnel.certificates:
        # A listener of protocol TLS passes no plain text on, whatever its routes say of names.
        message.filter_chain_match = pb.listener.FilterChainMatch(transport_protocol="tls")
    return message


def _tcp_proxy(listener: Listener, tunnel: Tunnel, ctx: Context) -> "pb.listener.Filter":
    kind = "terminate" if tunnel.certificates else "passthrough" if tunnel.tls else "tcp"
    message = pb.tcp_proxy.TcpProxy(stat_prefix=f"{kind}-{listener.port}")
    if len(tunnel.shares) > 1:
        weight = pb.tcp_proxy.TcpProxyWeightedClusterClusterWeight
        clusters = [weight(name=_cluster(share), weight=share.weight) for share in tunnel.shares]
        message.weighted_clusters = pb.tcp_proxy.TcpProxyWeightedCluster(clusters=clusters)
    else:
        # Envoy closes a connection at once if the cluster that it is for does not exist.
        message.cluster = next(map(_cluster, tunnel.shares), names.NO_CLUSTER)
    for feature in ON_TCP_PROXY:
        feature.on_tcp_proxy(tunnel, message, ctx)
    return pb.listener.Filter(name=_TCP_PROXY, typed_config=pb.pack(message))


def udp_proxy(listener: Listener, tunnel: Tunnel, ctx: Context) -> "pb.listener.ListenerFilter":
    """A filter that keeps a session for each client's address and port."""
    message = pb.udp_proxy.UdpProxyConfig(stat_prefix=f"udp-{listener.port}", matcher=_matcher(tunnel))
    for feature in ON_UDP_PROXY:
        feature.on_udp_proxy(tunnel, message, ctx)
    return pb.listener.ListenerFilter(name=_UDP_PROXY, typed_config=pb.pack(message))


def _matcher(tunnel: Tunnel) -> "pb.xds_matcher.Matcher":
    """All sessions to one cluster, but for the share that gets no answers."""
    sound = next((share for share in tunnel.shares if share.cluster is not None), None)
    lost = next((share for share in tunnel.shares if share.cluster is None), None)
    matcher = pb.xds_matcher.Matcher(on_no_match=_to(_cluster(sound) if sound else names.NO_CLUSTER))
    if sound is not None and lost is not None:
        share = round(_MILLION * lost.weight / (sound.weight + lost.weight))
        matcher.matcher_list = pb.xds_matcher.MatcherMatcherList(
            matchers=[
                pb.xds_matcher.MatcherMatcherListFieldMatcher(
                    predicate=pb.xds_matcher.MatcherMatcherListPredicate(single_predicate=_fraction(share)),
                    on_match=_to(names.NO_CLUSTER),
                )
            ]
        )
    return matcher


def _fraction(numerator: int) -> "pb.xds_matcher.MatcherMatcherListPredicateSinglePredicate":
    """A part of a million sessions, told by a hash of the client's port."""
    percent = pb.types.FractionalPercent(
        numerator=numerator, denominator=pb.types.FractionalPercentDenominatorType.MILLION
    )
    fraction = pb.core.RuntimeFractionalPercent(default_value=percent)
    return pb.xds_matcher.MatcherMatcherListPredicateSinglePredicate(
        input=_extension("source_port", pb.network_inputs.SourcePortInput()),
        custom_match=_extension("fraction", pb.runtime_fraction.RuntimeFraction(runtime_fraction=fraction)),
    )


def _to(cluster: str) -> "pb.xds_matcher.MatcherOnMatch":
    return pb.xds_matcher.MatcherOnMatch(action=_extension("route", pb.udp_proxy.Route(cluster=cluster)))


def _extension(name: str, config: Message) -> "pb.xds_core.TypedExtensionConfig":
    return pb.xds_core.TypedExtensionConfig(name=name, typed_config=pb.pack(config))


def _cluster(share: Share) -> str:
    return share.cluster.name if share.cluster is not None else names.NO_CLUSTER
