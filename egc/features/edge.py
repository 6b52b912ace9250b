"""Defences of a gateway that faces the Internet, for every listener and cluster.

https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
"""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Chain, Cluster, Listener, Tunnel

BUFFER_BYTES = 32768
CONCURRENT_STREAMS = 100
STREAM_WINDOW_BYTES = 65536
CONNECTION_WINDOW_BYTES = 1048576


class Edge(Feature):
    """Limits on buffers, streams and headers, and no belief in what a client says of its address or scheme."""

    def on_listener(self, listener: Listener, message: "pb.listener.Listener", ctx: Context) -> None:
        """Small buffers, and connections accepted one at a time so that workers share them evenly."""
        if listener.udp:
            return
        message.per_connection_buffer_limit_bytes = BUFFER_BYTES
        message.max_connections_to_accept_per_socket_event = 1

    def on_hcm(self, chain: Chain, message: "pb.hcm.HttpConnectionManager", ctx: Context) -> None:
        """Believe no header about the client, and bound what it can make Envoy hold."""
        edge = ctx.profile.edge
        message.use_remote_address = True
        message.server_header_transformation = (
            pb.hcm.HttpConnectionManagerServerHeaderTransformation.PASS_THROUGH  # the backend's, as in Envoy Gateway
        )
        message.common_http_protocol_options = pb.core.HttpProtocolOptions(
            idle_timeout=edge.idle_timeout,
            max_headers_count=edge.max_headers_count,
            headers_with_underscores_action=(pb.core.HttpProtocolOptionsHeadersWithUnderscoresAction.REJECT_REQUEST),
        )
        message.http2_protocol_options = pb.core.Http2ProtocolOptions(
            max_concurrent_streams=CONCURRENT_STREAMS,
            initial_stream_window_size=STREAM_WINDOW_BYTES,
            initial_connection_window_size=CONNECTION_WINDOW_BYTES,
        )
        message.max_request_headers_kb = edge.max_request_headers_kb
        message.stream_idle_timeout = edge.stream_idle_timeout
        if edge.request_headers_timeout:
            message.request_headers_timeout = edge.request_headers_timeout

    def on_tcp_proxy(self, tunnel: Tunnel, message: "pb.tcp_proxy.TcpProxy", ctx: Context) -> None:
        """A silent connection is given up, and who has not finished the TLS handshake takes none of the backend's."""
        message.idle_timeout = ctx.profile.edge.tcp_idle_timeout
        if tunnel.certificates:
            message.upstream_connect_mode = pb.tcp_proxy.UpstreamConnectMode.ON_DOWNSTREAM_TLS_HANDSHAKE
            message.max_early_data_bytes = BUFFER_BYTES

    def on_udp_proxy(self, tunnel: Tunnel, message: "pb.udp_proxy.UdpProxyConfig", ctx: Context) -> None:
        """A session without datagrams is given up, and the client's next one begins another."""
        message.idle_timeout = ctx.profile.edge.udp_idle_timeout

    def on_cluster(self, cluster: Cluster, message: "pb.cluster.Cluster", ctx: Context) -> None:
        """Small buffers towards backends, and no more retries at once than Envoy Gateway allows."""
        message.per_connection_buffer_limit_bytes = BUFFER_BYTES
        limits = pb.cluster.CircuitBreakersThresholds(max_retries=1024)
        if cluster.udp:
            # Each session counts as a connection. Clients ask DNS from a new port each time, so there are many.
            limits.max_connections = ctx.profile.envoy.connections
        message.circuit_breakers = pb.cluster.CircuitBreakers(thresholds=[limits])
