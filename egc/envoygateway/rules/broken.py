"""Policies that could not be read at all: what they were meant for must not be served as if they were not there."""

from collections.abc import Iterator

from egc.envoygateway.rules.targets import Node, Owner
from egc.gatewayapi.graph import Graph
from egc.kube.resources import target_names


def governed(graph: Graph, kind: str) -> Iterator[tuple[Node, str]]:
    """Every node that an unreadable policy of *kind* names, with the policy's name.

    If the targets cannot be told, that is everything in the policy's namespace.
    """
    for key, data in graph.resources.broken.items():
        if key.kind == kind:
            names = target_names(data)
            nodes: list[Owner] = [*graph.gateways, *graph.listener_sets, *graph.routes]
            for node in nodes:
                resource = node.resource
                if resource.namespace == key.namespace and (not names or (resource.kind, resource.name) in names):
                    yield node, f"{key.namespace}/{key.name}"
