"""Which routes attach to which listeners.

https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from collections.abc import Iterable

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import Attachment, GatewayNode, Graph, ListenerNode, ParentNode, RouteNode, RuleNode
from egc.gatewayapi.models.httproute import HTTPRoute
from egc.gatewayapi.models.shared import ParentReference
from egc.gatewayapi.rules import hostnames, namespaces

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
FOREIGN_PARENT = Rule(
    code="EGC2025",
    severity=Severity.ERROR,
    title="parent is not a Gateway",
    explanation="egc attaches routes to Gateways. Service parents are for service meshes: one host has none.",
    help="refer to a Gateway",
    lenient=True,
)
NO_LISTENER = Rule(
    code="EGC2021",
    severity=Severity.ERROR,
    title="Gateway has no such listener",
    explanation="`sectionName` is the name of a listener, `port` its port; a listener must fit both.",
    condition="Accepted/NoMatchingParent",
)
NOT_ALLOWED = Rule(
    code="EGC2022",
    severity=Severity.ERROR,
    title="listener does not allow the route",
    explanation="""
        A listener takes routes only from the Gateway's own namespace unless `allowedRoutes.namespaces` says more, and
        only of the kinds that `allowedRoutes.kinds` names.

        ```yaml
        allowedRoutes:
          namespaces: {from: All}
        ```
        """,
    condition="Accepted/NotAllowedByListeners",
)
NO_HOSTNAME = Rule(
    code="EGC2023",
    severity=Severity.ERROR,
    title="no hostname in common",
    explanation="""
        The route's hostnames and the listener's do not meet: no request could ever reach the route there.
        `*.example.com` covers `a.example.com` and `a.b.example.com`, but not `example.com`.
        """,
    help="change the hostnames of one of them",
    condition="Accepted/NoMatchingListenerHostname",
)


def attach(graph: Graph, sink: Sink) -> None:
    """Attach every HTTPRoute to the listeners of its parents."""
    gateways = {(g.resource.namespace, g.resource.name): g for g in graph.gateways}
    for resource in graph.resources.of(HTTPRoute):
        route = RouteNode(resource)
        route.rules = [RuleNode(route, spec, i) for i, spec in enumerate(resource.spec.rules)]
        if not resource.spec.parent_refs:
            sink.report(NO_PARENT, resource.at("spec"), f'HTTPRoute "{resource.name}" has no parentRefs')
        for ref in resource.spec.parent_refs:
            gateway = _gateway(graph, gateways, route, ref, sink)
            if gateway is not None:
                parent = ParentNode(route, ref)
                route.parents.append(parent)
                _attach(graph, gateway, parent, sink)
        if route.parents:
            graph.routes.append(route)


def _gateway(
    graph: Graph,
    gateways: dict[tuple[str, str], GatewayNode],
    route: RouteNode,
    ref: ParentReference,
    sink: Sink,
) -> GatewayNode | None:
    """The Gateway that a parentRef names, if it is ours."""
    namespace = ref.namespace or route.resource.namespace
    if (ref.group, ref.kind) != (GROUP, "Gateway"):
        sink.report(FOREIGN_PARENT, ref.at("kind"), f'parent "{ref.kind}" of group "{ref.group}" is not a Gateway')
        return None
    found = gateways.get((namespace, ref.name))
    if found is None:
        resources = graph.resources
        known = resources.get(GROUP, "Gateway", namespace, ref.name) is not None
        if not known and not resources.is_broken(GROUP, "Gateway", namespace, ref.name):
            message = f'Gateway "{ref.name}" does not exist in namespace "{namespace}"'
            sink.report(PARENT_NOT_FOUND, ref.at("name"), message, help=_where_instead(ref.name, namespace, gateways))
    return found


def _where_instead(name: str, namespace: str, gateways: Iterable[tuple[str, str]]) -> str:
    elsewhere = [ns for ns, other in gateways if other == name]
    if elsewhere:
        return f'add "namespace: {elsewhere[0]}": the Gateway is there'
    there = [other for ns, other in gateways if ns == namespace]
    return did_you_mean(name, there) or (f"Gateways there: {', '.join(there)}" if there else "")


def _attach(graph: Graph, gateway: GatewayNode, parent: ParentNode, sink: Sink) -> None:
    ref = parent.ref
    chosen = [
        listener
        for listener in gateway.listeners
        if ref.section_name in (None, listener.spec.name) and ref.port in (None, listener.spec.port)
    ]
    if not chosen:
        _report_no_listener(gateway, parent, sink)
        return
    allowed = [listener for listener in chosen if _allows(graph, listener, parent)]
    if not allowed:
        _report_not_allowed(parent, chosen, sink)
        return
    attached = [a for listener in allowed if (a := _meet(listener, parent)) is not None]
    if not attached:
        _report_no_hostname(parent, allowed, sink)
        return
    parent.conditions.set("Accepted", "Accepted", "Route is accepted")
    for attachment in attached:
        attachment.listener.attached.append(attachment)
        attachment.listener.routes[id(parent.route)] = None


def _allows(graph: Graph, listener: ListenerNode, parent: ParentNode) -> bool:
    route = parent.route.resource
    return route.kind in listener.kinds and namespaces.allows(graph.resources, listener, route.namespace)


def _meet(listener: ListenerNode, parent: ParentNode) -> Attachment | None:
    hosts = hostnames.intersection(listener.hostname, parent.route.resource.spec.hostnames)
    return Attachment(listener, parent, hosts) if hosts else None


def _report_no_listener(gateway: GatewayNode, parent: ParentNode, sink: Sink) -> None:
    ref, known = parent.ref, {listener.spec.name: listener.spec.port for listener in gateway.listeners}
    if ref.section_name is not None and ref.section_name not in known:
        field, message = "sectionName", f'Gateway "{ref.name}" has no listener "{ref.section_name}"'
        help = did_you_mean(ref.section_name, known) or f"its listeners: {', '.join(known)}"
    elif ref.section_name is not None:
        field, message = "port", f'listener "{ref.section_name}" of Gateway "{ref.name}" is not on port {ref.port}'
        help = f"its port: {known[ref.section_name]}"
    else:
        field, message = "port", f'Gateway "{ref.name}" has no listener on port {ref.port}'
        help = f"its ports: {', '.join(str(port) for port in dict.fromkeys(known.values()))}"
    parent.conditions.deny(NO_LISTENER, ref.at(field), message, sink, help=help)


def _report_not_allowed(parent: ParentNode, chosen: list[ListenerNode], sink: Sink) -> None:
    route = parent.route.resource
    kind_fits = any(route.kind in listener.kinds for listener in chosen)
    what = f'routes from namespace "{route.namespace}"' if kind_fits else f"a {route.kind}"
    related = [(listener.spec.at("name"), "this listener") for listener in chosen]
    help = f"add it to the listener's allowedRoutes.{'namespaces' if kind_fits else 'kinds'}"
    message = f'no listener of "{parent.ref.name}" allows {what}'
    # A listener that is itself at fault has told why.
    if not any(listener.programmed for listener in chosen):
        parent.conditions.set("Accepted", "NotAllowedByListeners", message, status=False)
    else:
        parent.conditions.deny(NOT_ALLOWED, parent.ref.at("name"), message, sink, help=help, related=related)


def _report_no_hostname(parent: ParentNode, allowed: list[ListenerNode], sink: Sink) -> None:
    route = parent.route.resource
    hosts = ", ".join(sorted({f'"{listener.hostname}"' for listener in allowed}))
    related = [(listener.spec.at("hostname"), "the listener's") for listener in allowed]
    message = f"no hostname of the route meets the listener's {hosts}"
    parent.conditions.deny(NO_HOSTNAME, route.spec.at("hostnames"), message, sink, related=related)
