"""Where egc's defaults differ from Envoy Gateway's, why, and how to change each: ``egc explain defaults``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Default:
    """One difference."""

    what: str
    egc: str
    envoy_gateway: str
    why: str
    switch: str


DEFAULTS = (
    Default(
        "time to send request headers",
        "10s",
        "no limit",
        "a client that sends slowly holds memory for as long as it likes",
        "edge.requestHeadersTimeout, or ClientTrafficPolicy timeout.http.requestHeadersReceivedTimeout",
    ),
    Default(
        "stream without traffic",
        "5m, written out",
        "5m, by Envoy's default",
        "Envoy's defaults change; a reviewer sees the value",
        "edge.streamIdleTimeout, or ClientTrafficPolicy timeout.http.streamIdleTimeout",
    ),
    Default(
        "connection without requests",
        "1h, written out",
        "1h, by Envoy's default",
        "as above",
        "edge.idleTimeout, or ClientTrafficPolicy timeout.http.idleTimeout",
    ),
    Default(
        "TCP or TLS connection without traffic",
        "1h, written out",
        "1h, by Envoy's default",
        "as above",
        "edge.tcpIdleTimeout, or ClientTrafficPolicy timeout.tcp.idleTimeout",
    ),
    Default(
        "UDP session without datagrams",
        "1m, written out",
        "1m, by Envoy's default",
        "as above",
        "edge.udpIdleTimeout",
    ),
    Default(
        "session cookie of an HTTPS listener",
        "Secure",
        "not Secure",
        "it tells a backend's address, and plain text would show it to everybody on the way",
        "none",
    ),
    Default(
        "UDP sessions of a backend at a time",
        "50,000",
        "1,024, by Envoy's default",
        "a session lasts a minute, so 18 questions a second from new ports would fill 1,024",
        "envoy.connections",
    ),
    Default(
        "request headers",
        "100, of 60 KiB",
        "by Envoy's default",
        "as above",
        "edge.maxHeadersCount, edge.maxRequestHeadersKB",
    ),
    Default("route timeout", "15s, written out", "15s, by Envoy's default", "as above", "HTTPRoute timeouts"),
    Default(
        "time for a call of gRPC",
        "no limit; 5m of silence",
        "15s, by Envoy's default",
        "a stream lasts as long as its client and server like, and a call brings its own deadline",
        "BackendTrafficPolicy timeout.http.requestTimeout",
    ),
    Default(
        "statistics of gRPC by method",
        "methods that an exact match of a route names",
        "every method that is called",
        "clients can make up names, and each takes memory",
        "not switchable",
    ),
    Default(
        "gRPC-Web",
        "translated for GRPCRoutes",
        "translated for every route of a listener that has a GRPCRoute",
        "the backend of an HTTPRoute may speak gRPC-Web itself",
        "not switchable",
    ),
    Default(
        "TLS ciphers",
        "six with forward secrecy and AEAD",
        "Envoy's list",
        "older ones are not needed by any browser of the last ten years",
        "not yet",
    ),
    Default(
        "access log",
        "standard output",
        "the file /dev/stdout",
        "under systemd standard output is a socket, which cannot be opened as a file",
        "not yet",
    ),
    Default(
        "admin interface",
        "a socket of mode 0600",
        "127.0.0.1:19000",
        "every user of a host can reach a port; whoever reaches it can stop Envoy",
        "envoy.admin",
    ),
    Default(
        "metrics",
        "127.0.0.1:19001, only /stats/prometheus and /ready",
        "0.0.0.0:19001",
        "a host has no cluster network around it",
        "metrics",
    ),
    Default(
        "clusters",
        "one for each backend, shared by the rules",
        "one for each rule",
        "10,000 rules to ten backends need ten clusters' memory",
        "not switchable; a BackendTrafficPolicy that tunes connections has clusters of its own",
    ),
    Default(
        "redirect without a port",
        "the scheme's well-known port",
        "keeps the port of the Host header",
        "the Gateway API says so",
        "requestRedirect.port",
    ),
    Default(
        "plain text on a TLS listener whose route takes every server name",
        "turned away",
        "passed through to the backend",
        "a listener of protocol TLS is for TLS",
        "protocol: TCP",
    ),
    Default(
        "protocol to backends by TLS",
        "HTTP/1.1, unless appProtocol or GRPCRoute says HTTP/2",
        "what ALPN agrees on",
        "WebSocket through HTTP/2 fails at most backends",
        "appProtocol: kubernetes.io/h2c of the Service's port",
    ),
    Default(
        "connection to the backend of a listener that ends TLS",
        "after the client's handshake",
        "before it",
        "who only begins handshakes could take all connections of a database",
        "not switchable",
    ),
    Default(
        "request for a name of another TLS listener",
        "421",
        "404",
        "browsers that reuse a connection then open a new one",
        "not switchable",
    ),
)


def listing() -> str:
    """All differences as text."""
    blocks = [
        f"{d.what}\n"
        f"  egc:            {d.egc}\n"
        f"  Envoy Gateway:  {d.envoy_gateway}\n"
        f"  because         {d.why}\n"
        f"  change it with  {d.switch}"
        for d in DEFAULTS
    ]
    return "\n\n".join(blocks)
