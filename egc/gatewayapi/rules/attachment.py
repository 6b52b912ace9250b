"""Which routes attach to which listeners.

https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import (
    Attachment,
    GatewayNode,
    Graph,
    ListenerNode,
    ListenerSetNode,
    ParentNode,
    RouteNode,
    RuleNode,
)
from egc.gatewayapi.models.shared import ParentReference
from egc.gatewayapi.rules import hostnames, namespaces, refusals

if TYPE_CHECKING:
    from egc.gatewayapi.graph import Route, RouteRule

GROUP = "gateway.networking.k8s.io"

PARENT_NOT_FOUND = Rule(
    code="EGC2020",
    severity=Severity.ERROR,
    title="route's Gateway does not exist",
    explanation="""
        A `parentRef` without a namespace means the route's own namespace.

        ```yaml
        parentRefs:
        - {name: eg, namespace: envoy-gateway-system}
        ```
        """,
    help="add the Gateway, or correct the parentRef",
)
NO_PARENT = Rule(
    code="EGC2024",
    severity=Severity.ERROR,
    title="route attaches nowhere",
    explanation="A route without `parentRefs` is served by no Gateway.",
    help="add parentRefs",
)
NO_DEFAULT = Rule(
    code="EGC2080",
    severity=Severity.ERROR,
    title="no default Gateway for the route",
    explanation="""
        `useDefaultGateways: All` attaches a route to every Gateway with `defaultScope: All` that allows it: its
        listeners decide about kind, namespace and hostname as they do for other routes.

        ```yaml
        kind: Gateway
        spec:
          defaultScope: All
        ```
        """,
    help="give a Gateway defaultScope: All, or name the Gateway in parentRefs",
)
FOREIGN_PARENT = Rule(
    code="EGC2025",
    severity=Severity.ERROR,
    title="parent is neither a Gateway nor a ListenerSet",
    explanation="egc attaches routes to Gateways and ListenerSets. Service parents are for meshes: one host has none.",
    help="refer to a Gateway",
    lenient=True,
)


_KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_Parent: TypeAlias = "GatewayNode | ListenerSetNode"
Parents: TypeAlias = "dict[tuple[str, str, str], _Parent]"


def attach(graph: Graph, sink: Sink) -> None:
    """Attach every route to the listeners of its parents."""
    parents = parents_of(graph)
    for kind in _KINDS:
        for resource in cast("list[Route]", graph.resources.of_kind(kind)):
            attach_route(graph, parents, resource, sink)


def parents_of(graph: Graph) -> Parents:
    """What routes may attach to, by kind, namespace and name."""
    found: Parents = {("Gateway", g.resource.namespace, g.resource.name): g for g in graph.gateways}
    for gateway in graph.gateways:
        found |= {("ListenerSet", s.resource.namespace, s.resource.name): s for s in gateway.sets}
    return found


def attach_route(graph: Graph, parents: Parents, resource: Route, sink: Sink) -> RouteNode:
    """Attach one route; it joins the graph if a parent of it is ours."""
    route = RouteNode(resource)
    rules = cast("Sequence[RouteRule]", resource.spec.rules)
    route.rules = [RuleNode(route, spec, i) for i, spec in enumerate(rules)]
    by_default = resource.spec.use_default_gateways == "All"
    if not resource.spec.parent_refs and not by_default:
        sink.report(NO_PARENT, resource.at("spec"), f'{resource.kind} "{resource.name}" has no parentRefs')
    for ref in resource.spec.parent_refs:
        target = _target(graph, parents, route, ref, sink)
        if target is not None:
            parent = ParentNode(route, ref, target)
            route.parents.append(parent)
            _attach(graph, parent, sink)
    if by_default:
        _attach_by_default(graph, route, sink)
    if route.parents:
        graph.routes.append(route)
    return route


def _attach_by_default(graph: Graph, route: RouteNode, sink: Sink) -> None:
    """Attach a route to the default Gateways, besides those that it names itself.

    https://gateway-api.sigs.k8s.io/geps/gep-3793/: the usual rules decide which of them take it.
    """
    named = {id(parent.target) for parent in route.parents}
    defaults = [gateway for gateway in graph.gateways if gateway.resource.spec.default_scope == "All"]
    found: list[ParentNode] = []
    refused = Sink()
    for gateway in defaults:
        if id(gateway) not in named:
            ref = ParentReference(name=gateway.resource.name, namespace=gateway.resource.namespace)
            found.append(ParentNode(route, ref, gateway))
            _attach(graph, found[-1], refused)
    taken = [parent for parent in found if not parent.conditions.denied("Accepted")]
    route.parents += taken or found
    if not taken and (found or not defaults):
        message = "no default Gateway takes the route" if defaults else "no Gateway is a default Gateway"
        help = "; ".join(refusal.message for refusal in refused.sorted())
        sink.report(NO_DEFAULT, route.resource.at("spec", "useDefaultGateways"), message, help=help)


def _target(graph: Graph, parents: Parents, route: RouteNode, ref: ParentReference, sink: Sink) -> _Parent | None:
    """The Gateway or ListenerSet that a parentRef names, if it is ours."""
    namespace = ref.namespace or route.resource.namespace
    if ref.group != GROUP or ref.kind not in ("Gateway", "ListenerSet"):
        sink.report(FOREIGN_PARENT, ref.at("kind"), f'parent "{ref.kind}" of group "{ref.group}" is no Gateway')
        return None
    found = parents.get((ref.kind, namespace, ref.name))
    if found is None:
        resources = graph.resources
        known = resources.get(GROUP, ref.kind, namespace, ref.name) is not None
        if not known and not resources.is_broken(GROUP, ref.kind, namespace, ref.name):
            message = f'{ref.kind} "{ref.name}" does not exist in namespace "{namespace}"'
            help = _where_instead(ref, namespace, parents)
            sink.report(PARENT_NOT_FOUND, ref.at("name"), message, help=help)
    return found


def _where_instead(ref: ParentReference, namespace: str, parents: Iterable[tuple[str, str, str]]) -> str:
    elsewhere = [ns for kind, ns, other in parents if (kind, other) == (ref.kind, ref.name)]
    if elsewhere:
        return f'add "namespace: {elsewhere[0]}": the {ref.kind} is there'
    there = [other for kind, ns, other in parents if (kind, ns) == (ref.kind, namespace)]
    return did_you_mean(ref.name, there) or (f"{ref.kind}s there: {', '.join(there)}" if there else "")


def _attach(graph: Graph, parent: ParentNode, sink: Sink) -> None:
    ref = parent.ref
    chosen = [
        listener
        for listener in parent.target.listeners
        if ref.section_name in (None, listener.spec.name) and ref.port in (None, listener.spec.port)
    ]
    if not chosen:
        refusals.no_listener(parent, sink)
        return
    allowed = [listener for listener in chosen if _allows(graph, listener, parent)]
    if not allowed:
        refusals.not_allowed(parent, chosen, sink)
        return
    attached = [a for listener in allowed if (a := _meet(listener, parent)) is not None]
    if not attached:
        refusals.no_hostname(parent, allowed, sink)
        return
    parent.conditions.set("Accepted", "Accepted", "Route is accepted")
    for attachment in attached:
        attachment.listener.attached.append(attachment)
        attachment.listener.routes[id(parent.route)] = None


def _allows(graph: Graph, listener: ListenerNode, parent: ParentNode) -> bool:
    route = parent.route.resource
    return route.kind in listener.kinds and namespaces.allows(graph.resources, listener, route.namespace)


def _meet(listener: ListenerNode, parent: ParentNode) -> Attachment | None:
    hosts = hostnames.intersection(listener.hostname, parent.route.hostnames)
    return Attachment(listener, parent, hosts) if hosts else None
