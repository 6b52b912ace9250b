"""The protocol towards backends (``appProtocol``), and the limits of the connections that speak it."""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Cluster, Protocol

OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class HttpProtocol(Feature):
    """HTTP/2 for h2c and gRPC, HTTP/1.1 for WebSocket backends; nothing where Envoy's default will do."""

    def on_cluster(self, cluster: Cluster, message: "pb.cluster.Cluster", ctx: Context) -> None:
        """https://gateway-api.sigs.k8s.io/geps/gep-1911/"""
        timeout = cluster.traffic.spec.timeout if cluster.traffic else None
        http = timeout.http if timeout else None
        limited = http is not None and (
            http.connection_idle_timeout is not None or http.max_connection_duration is not None
        )
        named = cluster.tls is not None and cluster.tls.of_request
        if cluster.protocol is Protocol.HTTP1 and not limited and not named:
            return
        explicit = pb.http_protocol_options.HttpProtocolOptionsExplicitHttpConfig()
        if cluster.protocol is Protocol.HTTP2:
            explicit.http2_protocol_options = pb.core.Http2ProtocolOptions()
        else:
            explicit.http_protocol_options = pb.core.Http1ProtocolOptions()
        options = pb.http_protocol_options.HttpProtocolOptions(explicit_http_config=explicit)
        if named:
            options.upstream_http_protocol_options = pb.core.UpstreamHttpProtocolOptions(auto_sni=True)
        if http is not None and limited:
            options.common_http_protocol_options = pb.core.HttpProtocolOptions(
                idle_timeout=http.connection_idle_timeout, max_connection_duration=http.max_connection_duration
            )
        message.typed_extension_protocol_options[OPTIONS] = pb.pack(options)
