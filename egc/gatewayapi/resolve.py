"""Resources to Graph: the rules of the specification in the order in which they depend on each other."""

from collections.abc import Callable

from egc.diagnostics import Sink
from egc.gatewayapi.graph import Finders, GatewayNode, Graph
from egc.gatewayapi.rules import attachment, backends, classes, filters, listeners, matches
from egc.kube.resources import Resources


def resolve(
    resources: Resources,
    controller: str,
    addresses: Callable[[GatewayNode], tuple[str, ...]],
    finders: Finders,
    sink: Sink,
) -> Graph:
    """What attaches to what. ``addresses`` tells where a Gateway binds; ``finders`` know the kinds of backends."""
    graph = Graph(resources, controller)
    classes.select(graph, sink)
    for gateway in graph.gateways:
        gateway.addresses = addresses(gateway)
    listeners.validate(graph, sink)
    attachment.attach(graph, sink)
    backends.resolve(graph, finders, sink)
    filters.validate(graph, sink)
    matches.validate(graph, sink)
    return graph
