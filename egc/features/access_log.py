"""The access log: a JSON line for each request, or connection or session of UDP that is passed on, on standard output.

It has the fields that Envoy Gateway writes.
"""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Chain, Listener, Tunnel

# https://github.com/envoyproxy/gateway/blob/v1.9.0/internal/xds/translator/accesslog.go
FIELDS = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "x-envoy-origin-path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "x-envoy-upstream-service-time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x-forwarded-for": "%REQ(X-FORWARDED-FOR)%",
    "user-agent": "%REQ(USER-AGENT)%",
    "x-request-id": "%REQ(X-REQUEST-ID)%",
    ":authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "route_name": "%ROUTE_NAME%",
}


class AccessLog(Feature):
    """Log every request, and every connection that no filter chain takes."""

    def on_hcm(self, chain: Chain, message: "pb.hcm.HttpConnectionManager", ctx: Context) -> None:
        """Log the requests of a connection manager."""
        message.access_log = [_log()]

    def on_tcp_proxy(self, tunnel: Tunnel, message: "pb.tcp_proxy.TcpProxy", ctx: Context) -> None:
        """Log each connection when it ends; what is not known of it is null."""
        message.access_log = [_log()]

    def on_udp_proxy(self, tunnel: Tunnel, message: "pb.udp_proxy.UdpProxyConfig", ctx: Context) -> None:
        """Log each session when it ends."""
        message.access_log = [_log()]

    def on_listener(self, listener: Listener, message: "pb.listener.Listener", ctx: Context) -> None:
        """Log the connections that end before a request: those for a server name that nothing serves."""
        if listener.udp:
            return
        log = _log()
        log.filter = pb.accesslog.AccessLogFilter(response_flag_filter=pb.accesslog.ResponseFlagFilter(flags=["NR"]))
        message.access_log = [log]


def _log() -> "pb.accesslog.AccessLog":
    fields = {name: pb.protobuf.Value(string_value=value) for name, value in FIELDS.items()}
    return pb.accesslog.AccessLog(
        name="envoy.access_loggers.stdout",
        # Not the file /dev/stdout, as in Envoy Gateway: under systemd it is a socket, which cannot be opened again.
        typed_config=pb.pack(
            pb.stream_access_logs.StdoutAccessLog(
                log_format=pb.core.SubstitutionFormatString(json_format=pb.protobuf.Struct(fields=fields)),
            )
        ),
    )
