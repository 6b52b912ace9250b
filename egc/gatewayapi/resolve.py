"""Resources to Graph: the rules of the specification in the order in which they depend on each other."""

from collections.abc import Callable

from egc.diagnostics import Sink
from egc.gatewayapi import validity
from egc.gatewayapi.finders import Finders
from egc.gatewayapi.graph import GatewayNode, Graph
from egc.gatewayapi.rules import (
    answered,
    attachment,
    backends,
    classes,
    coalescing,
    extension_refs,
    filters,
    gateway_tls,
    listeners,
    matches,
    rivals,
    sessions,
    unreadable,
)
from egc.gatewayapi.tls import HostCertificates
from egc.kube.resources import Resources


def resolve(
    resources: Resources,
    controller: str,
    addresses: Callable[[GatewayNode], tuple[str, ...]],
    finders: Finders,
    host: HostCertificates,
    sink: Sink,
) -> Graph:
    """What attaches to what.

    ``addresses`` tells where a Gateway binds; ``finders`` know the kinds of backends and filters.
    """
    graph = Graph(resources, controller, validity.check(resources, sink), host)
    classes.select(graph, sink)
    for gateway in graph.gateways:
        gateway.addresses = addresses(gateway)
    gateway_tls.resolve(graph, host.files, sink)
    listeners.validate(graph, sink)
    gateway_tls.note_unused(graph, sink)
    coalescing.note(graph)
    attachment.attach(graph, sink)
    rivals.report(graph, sink)
    extension_refs.resolve(graph, finders.extensions, sink)
    backends.resolve(graph, finders.backends, sink)
    filters.validate(graph, sink)
    sessions.validate(graph, sink)
    answered.report(graph, sink)
    matches.validate(graph, sink)
    unreadable.close(graph)
    return graph
