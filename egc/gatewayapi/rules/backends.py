"""backendRefs: each to a backend with its endpoints, or to the reason why not.

https://gateway-api.sigs.k8s.io/reference/spec/#backendref
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.finders import Backends
from egc.gatewayapi.graph import Backend, BackendNode, Fault, Graph, RouteNode, RuleNode
from egc.gatewayapi.models.shared import BackendObjectReference
from egc.gatewayapi.rules import backendtls, protocols
from egc.gatewayapi.rules.grants import Target, permitted, refusal
from egc.gatewayapi.validity.backends import PORT_MISSING, portless
from egc.kube.resources import target_names

NOT_FOUND = Rule(
    code="EGC2030",
    severity=Severity.ERROR,
    title="backend does not exist",
    explanation="""
        The reference names an object that no document defines. A reference without `group` and `kind` means a core
        Service; a Backend needs both.

        ```yaml
        backendRefs:
        - {group: gateway.envoyproxy.io, kind: Backend, name: keycloak}
        ```
        """,
    condition="ResolvedRefs/BackendNotFound",
)
INVALID_KIND = Rule(
    code="EGC2032",
    severity=Severity.ERROR,
    title="reference to a kind that cannot be a backend",
    explanation="""
        A backend is a core Service or a Backend of `gateway.envoyproxy.io`. A reference without `group` and `kind`
        means a Service.

        ```yaml
        backendRefs:
        - {name: cart, port: 8000}
        - {group: gateway.envoyproxy.io, kind: Backend, name: keycloak}
        ```
        """,
    help="refer to a Service, or to a Backend of group: gateway.envoyproxy.io",
    condition="ResolvedRefs/InvalidKind",
)
NO_BACKENDS = Rule(
    code="EGC2036",
    severity=Severity.WARNING,
    title="rule without a backend",
    explanation="""
        A rule that neither forwards (its `backendRefs` are empty, or all have weight 0) nor redirects answers every
        request with 500. One of a TCPRoute, TLSRoute or UDPRoute turns every connection away.
        """,
    help="add backendRefs or a RequestRedirect filter",
)

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter

_Found = dict[tuple[Target, int | None, str], Backend | Fault]


def resolve(graph: Graph, finders: Backends, sink: Sink) -> None:
    """Resolve every backendRef of every route."""
    found: _Found = {}
    backendtls.collect(graph, sink)
    for route in graph.routes:
        for rule in route.rules:
            _resolve_rule(graph, route, rule, finders, found, sink)
        route.conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the route are resolved")
    backendtls.conclude(graph)


def _resolve_rule(graph: Graph, route: RouteNode, rule: RuleNode, finders: Backends, found: _Found, sink: Sink) -> None:
    for ref in rule.spec.backend_refs:
        node = _backend(graph, route, ref, finders, found)
        rule.backends.append(node)
        _conclude(route, node, sink)
    for filter, asked in _asked(rule):
        node = rule.asked[id(filter)] = _backend(graph, route, asked, finders, found)
        _conclude(route, node, sink)
        if node.backend is not None and not node.backend.endpoints:
            message = f'{asked.kind} "{asked.name}" has no endpoints'
            route.conditions.set("BackendsAvailable", "EndpointsNotFound", message, status=False)
    # An extension that was not found may be one that needs no backend.
    unknown = any(isinstance(rule.extended.get(id(found)), Fault) for found in rule.filters)
    if not unknown and not rule.answers and not any(ref.weight for ref in rule.spec.backend_refs):
        does = "answers 500" if hasattr(rule.spec, "matches") else "turns everybody away"
        does = "answers UNAVAILABLE" if rule.grpc is not None else does
        message, help = f"the rule has no backend, so it {does}", ""
        if rule.spec.backend_refs:
            message, help = f"all backends have weight 0, so the rule {does}", "give one of them a weight"
        sink.report(NO_BACKENDS, rule.spec.at("backendRefs"), message, help=help)


def _asked(rule: RuleNode) -> Iterator[tuple[RouteFilter, BackendObjectReference]]:
    """The filters of a rule and of its backends that name a backend: mirrors and authorizers."""
    filters = list(rule.filters)
    for node in rule.backends:
        filters += node.filters
    for found in filters:
        settings = found.request_mirror or getattr(found, "external_auth", None)
        if settings is not None:
            yield found, settings.backend_ref


def _conclude(route: RouteNode, node: BackendNode, sink: Sink) -> None:
    """Tell of a reference that leads nowhere."""
    fault = node.fault
    if fault is None:
        return
    if fault.rule is None:
        route.conditions.set("ResolvedRefs", fault.reason, fault.message, status=False)
    else:
        at = node.ref.at(fault.field)
        route.conditions.deny(fault.rule, at, fault.message, sink, help=fault.help, related=fault.related)


def _backend(
    graph: Graph, route: RouteNode, ref: BackendObjectReference, finders: Backends, found: _Found
) -> BackendNode:
    namespace = ref.namespace or route.resource.namespace
    target = Target(ref.group, ref.kind, namespace, ref.name)
    finder = finders.get((ref.group, ref.kind))
    if finder is None:
        choices = {kind: group for group, kind in finders}
        message = f'"{ref.kind}" of group "{ref.group}" cannot be a backend'
        help = did_you_mean(ref.kind, choices)
        if ref.kind in choices:
            help = f'write group: "{choices[ref.kind]}"'
        return BackendNode(ref, None, Fault(INVALID_KIND, message, "kind", help))
    if not permitted(graph.resources, route.resource, target):
        message = f'{ref.kind} "{ref.name}" is in namespace "{namespace}", which does not grant the reference'
        rule, help, related = refusal(graph.resources, route.resource, target)
        return BackendNode(ref, None, Fault(rule, message, "namespace", help, related=related))
    transport = "UDP" if route.kind == "UDPRoute" else "TCP"
    answer = found.get((target, ref.port, transport))
    if answer is None:
        answer = found[target, ref.port, transport] = _find(graph, target, ref, transport, finders)
    backendtls.note(graph, target, ref.port, route)
    if isinstance(answer, Fault):
        return BackendNode(ref, None, answer)
    fault = protocols.problem(route.kind, answer) or backendtls.unnamed(graph, answer, route)
    return BackendNode(ref, None, fault) if fault is not None else BackendNode(ref, answer)


def _find(
    graph: Graph, target: Target, ref: BackendObjectReference, transport: str, finders: Backends
) -> Backend | Fault:
    if ref.port is None and (target.group, target.kind) == ("", "Service"):
        return Fault(PORT_MISSING, portless(target.name))
    resource = graph.resources.get(*target)
    if resource is not None and _needs_tls(graph, target):
        message = f'a BackendTLSPolicy of {target.kind} "{target.name}" cannot be read'
        return Fault(None, message, reason="InvalidBackendTLS")
    if resource is not None:
        answer = finders[target.group, target.kind](graph.resources, resource, ref.port, transport)
        return answer if isinstance(answer, Fault) else backendtls.govern(graph, target, answer)
    message = f'{target.kind} "{target.name}" does not exist in namespace "{target.namespace}"'
    if graph.resources.is_broken(*target):
        return Fault(None, message)
    known = graph.resources.names(target.group, target.kind, target.namespace)
    return Fault(NOT_FOUND, message, help=did_you_mean(target.name, known) or _other_kind(graph, target))


def _needs_tls(graph: Graph, target: Target) -> bool:
    """Whether a BackendTLSPolicy that cannot be read may ask for TLS: nothing may go there in plain text."""
    return any(
        (key.kind, key.namespace) == ("BackendTLSPolicy", target.namespace)
        and (not (names := target_names(data)) or (target.kind, target.name) in names)
        for key, data in graph.resources.broken.items()
    )


def _other_kind(graph: Graph, target: Target) -> str:
    for key in graph.resources.sound:
        if key.name == target.name and key.namespace == target.namespace and key.kind in ("Backend", "Service"):
            return f'there is a {key.kind} of that name: add group: "{key.group}" and kind: {key.kind}'
    return ""
