"""Timeouts between clients and Envoy, and between Envoy and backends. 0s is for ever."""

from egc.kube.model import Model
from egc.kube.scalars import GatewayDuration


class TCPClientTimeout(Model):
    """Timeouts of clients' connections; ``idle_timeout`` is that of those that are passed on unread."""

    idle_timeout: GatewayDuration | None = None
    tls_handshake_timeout: GatewayDuration | None = None
    connection_inspection_timeout: GatewayDuration | None = None


class HTTPClientTimeout(Model):
    """Timeouts of clients' requests; ``idle_timeout`` is that of a connection without requests."""

    request_received_timeout: GatewayDuration | None = None
    request_headers_received_timeout: GatewayDuration | None = None
    idle_timeout: GatewayDuration | None = None
    stream_idle_timeout: GatewayDuration | None = None


class ClientTimeout(Model):
    """Timeouts towards clients."""

    tcp: TCPClientTimeout | None = None
    http: HTTPClientTimeout | None = None


class TCPTimeout(Model):
    """How long a connection to a backend may take to open."""

    connect_timeout: GatewayDuration | None = None


class HTTPTimeout(Model):
    """Timeouts of requests to backends and of the connections that carry them."""

    request_timeout: GatewayDuration | None = None
    stream_idle_timeout: GatewayDuration | None = None
    max_stream_duration: GatewayDuration | None = None
    connection_idle_timeout: GatewayDuration | None = None
    max_connection_duration: GatewayDuration | None = None


class Timeout(Model):
    """Timeouts towards backends."""

    tcp: TCPTimeout | None = None
    http: HTTPTimeout | None = None
