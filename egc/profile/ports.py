"""Ports that Envoy needs for itself on this host, and Gateways that want the same."""

from collections.abc import Iterator

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import Graph
from egc.profile.model import Profile

OWN_PORT = Rule(
    code="EGC5036",
    severity=Severity.ERROR,
    title="Gateway listens where Envoy's own interface does",
    explanation="""
        Metrics and the admin interface have an address and a port of their own (`metrics` and `envoy.admin` in the host
        profile). A Gateway with the same address and port would keep Envoy from starting.

        ```yaml
        metrics: {port: 9901}
        ```
        """,
    help="give the listener or metrics.port another port",
)


def check(profile: Profile, graph: Graph, sink: Sink) -> None:
    """Report every listener on an address and port that are taken."""
    own = dict(_own(profile))
    for listener in graph.listeners():
        if listener.spec.protocol == "UDP" or not listener.programmed:
            continue
        for address in listener.gateway.addresses:
            if (what := own.get((address, listener.spec.port))) is not None:
                message = f"{address} port {listener.spec.port} is for Envoy's {what}"
                sink.report(OWN_PORT, listener.spec.at("port"), message)


def _own(profile: Profile) -> Iterator[tuple[tuple[str, int], str]]:
    if profile.metrics.enabled:
        yield (profile.metrics.address, profile.metrics.port), "metrics"
    if not profile.admin.startswith("/"):
        host, _, port = profile.admin.rpartition(":")
        yield (host.strip("[]"), int(port)), "admin interface"
