"""ListenerSets: which of them a Gateway lets in, and what is said of them.

https://gateway-api.sigs.k8s.io/geps/gep-1713/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.diagnostics import Located, Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ListenerSetNode
from egc.gatewayapi.rules import namespaces
from egc.gatewayapi.rules.classes import FOREIGN_CLASS
from egc.kube.parse import honoured

if TYPE_CHECKING:
    from egc.gatewayapi.models.gateway import Gateway
    from egc.gatewayapi.models.listenerset import ListenerSet

GROUP = "gateway.networking.k8s.io"

NO_GATEWAY = Rule(
    code="EGC2074",
    severity=Severity.ERROR,
    title="ListenerSet joins no Gateway",
    explanation="""
        A ListenerSet adds its listeners to the Gateway that `parentRef` names; without one they are served nowhere.
        A `parentRef` without a namespace means the ListenerSet's own.

        ```yaml
        parentRef: {name: eg, namespace: infra}
        ```
        """,
    help="add the Gateway, or correct the parentRef",
)
NOT_LET_IN = Rule(
    code="EGC2075",
    severity=Severity.ERROR,
    title="Gateway does not let the ListenerSet in",
    explanation="""
        A Gateway takes ListenerSets only from the namespaces that its `allowedListeners` names, and by default from
        none, not even its own.

        ```yaml
        kind: Gateway
        spec:
          allowedListeners:
            namespaces: {from: Same}
        ```
        """,
    condition="Accepted/NotAllowed",
)


def attach(graph: Graph, sink: Sink) -> None:
    """Give every Gateway the ListenerSets that it lets in, the oldest first."""
    gateways = {(g.resource.namespace, g.resource.name): g for g in graph.gateways}
    for gateway in graph.gateways:
        _judge_selector(gateway, sink)
    for resource in cast("list[ListenerSet]", graph.resources.of_kind("ListenerSet")):
        ref = resource.spec.parent_ref
        parent = gateways.get((ref.namespace or resource.namespace, ref.name))
        if ref.group != GROUP or ref.kind != "Gateway":
            message = f'parent "{ref.kind}" of group "{ref.group}" is no Gateway'
            sink.report(NO_GATEWAY, ref.at("kind"), message, help="refer to a Gateway")
        elif parent is None:
            _report_no_gateway(graph, resource, sink)
        else:
            _join(graph, ListenerSetNode(resource, parent, not honoured(resource, lenient=True)), sink)


def _join(graph: Graph, found: ListenerSetNode, sink: Sink) -> None:
    graph.listener_sets.append(found)
    gateway, resource, conditions = found.gateway, found.resource, found.conditions
    if gateway.conditions.denied("Accepted"):  # which was told of the Gateway
        conditions.set("Accepted", "ParentNotAccepted", "The Gateway is not accepted", status=False)
        conditions.set("Programmed", "ParentNotProgrammed", "The Gateway is not served", status=False)
        return
    if not _lets_in(graph, gateway, resource.namespace):
        name = gateway.resource.name
        message = f'Gateway "{name}" takes no ListenerSets from namespace "{resource.namespace}"'
        related = [_what_it_says(gateway)]
        help = "allow it in the Gateway's spec.allowedListeners.namespaces"
        at = resource.spec.parent_ref.at("name")
        conditions.deny(NOT_LET_IN, at, message, sink, help=help, related=related)
        conditions.set("Programmed", "NotAllowed", message, status=False)
        return
    gateway.sets.append(found)
    found.listeners = [ListenerNode(gateway, found, spec, i) for i, spec in enumerate(resource.spec.listeners)]


def _what_it_says(gateway: GatewayNode) -> tuple[Located, str]:
    """Where a Gateway says which ListenerSets it takes, or else the Gateway."""
    if gateway.resource.spec.allowed_listeners is None:
        return gateway.resource.at("metadata", "name"), "it has no allowedListeners"
    return gateway.resource.at("spec", "allowedListeners"), "what it allows"


def _lets_in(graph: Graph, gateway: GatewayNode, namespace: str) -> bool:
    allowed = gateway.resource.spec.allowed_listeners
    if allowed is None:
        return False
    source, selector = allowed.namespaces.from_, allowed.namespaces.selector
    if source == "Selector":
        if selector is None or any(namespaces.problems(selector)):
            return False
        return namespaces.selects_namespace(graph.resources, selector, namespace, unknown=False)
    return source == "All" or (source == "Same" and namespace == gateway.resource.namespace)


def _judge_selector(gateway: GatewayNode, sink: Sink) -> None:
    allowed = gateway.resource.spec.allowed_listeners
    if allowed is not None:
        for at, message, help in namespaces.faults(allowed.namespaces):
            sink.report(namespaces.BAD_SELECTOR, at, message, help=help)


def _report_no_gateway(graph: Graph, resource: ListenerSet, sink: Sink) -> None:
    ref, resources = resource.spec.parent_ref, graph.resources
    namespace = ref.namespace or resource.namespace
    known = cast("Gateway | None", resources.get(GROUP, "Gateway", namespace, ref.name))
    if known is not None:
        # Its class is another controller's, or does not exist; only the latter was told as an error.
        if resources.get(GROUP, "GatewayClass", "", known.spec.gateway_class_name) is not None:
            message = f'Gateway "{ref.name}" belongs to another controller'
            help = "join a Gateway of a class that is ours, or remove the ListenerSet"
            sink.report(FOREIGN_CLASS, ref.at("name"), message, help=help)
        return
    if resources.is_broken(GROUP, "Gateway", namespace, ref.name):
        return
    elsewhere = [g.resource.namespace for g in graph.gateways if g.resource.name == ref.name]
    help = did_you_mean(ref.name, resources.names(GROUP, "Gateway", namespace))
    if elsewhere:
        help = f'add "namespace: {elsewhere[0]}": the Gateway is there'
    message = f'Gateway "{ref.name}" does not exist in namespace "{namespace}"'
    sink.report(NO_GATEWAY, ref.at("name"), message, help=help)


def conclude(found: ListenerSetNode) -> None:
    """Say of a ListenerSet what its listeners say together."""
    total = len(found.listeners)
    accepted = sum(
        "Accepted" in li.conditions.by_type and not li.conditions.denied("Accepted") for li in found.listeners
    )
    served = sum(listener.programmed for listener in found.listeners)
    conditions = found.conditions
    if accepted == total:
        conditions.set("Accepted", "Accepted", "All listeners are accepted")
    else:
        message = f"{total - accepted} of {total} listeners are not accepted"
        conditions.set("Accepted", "ListenersNotValid", message, status=accepted > 0)
    if served:
        conditions.set("Programmed", "Programmed", f"{served} of {total} listeners are part of the configuration")
    else:
        conditions.set("Programmed", "ListenersNotValid", "No listener can be served", status=False)
