"""backendRefs: each to a backend with its endpoints, or to the reason why not.

https://gateway-api.sigs.k8s.io/reference/spec/#backendref
"""

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import Backend, BackendNode, Fault, Finders, Graph, RouteNode, RuleNode
from egc.gatewayapi.models.httproute import HTTPBackendRef
from egc.gatewayapi.rules.grants import NOT_PERMITTED, Target, how_to_permit, permitted
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
        request with 500.
        """,
    help="add backendRefs or a RequestRedirect filter",
)

_Found = dict[tuple[Target, int | None], Backend | Fault]


def resolve(graph: Graph, finders: Finders, sink: Sink) -> None:
    """Resolve every backendRef of every route."""
    found: _Found = {}
    for route in graph.routes:
        for rule in route.rules:
            _resolve_rule(graph, route, rule, finders, found, sink)
        route.conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the route are resolved")


def _resolve_rule(graph: Graph, route: RouteNode, rule: RuleNode, finders: Finders, found: _Found, sink: Sink) -> None:
    for ref in rule.spec.backend_refs:
        node = _backend(graph, route, ref, finders, found)
        rule.backends.append(node)
        fault = node.fault
        if fault is None:
            continue
        if fault.rule is None:
            route.conditions.set("ResolvedRefs", "BackendNotFound", fault.message, status=False)
        else:
            at = ref.at(fault.field)
            route.conditions.deny(fault.rule, at, fault.message, sink, help=fault.help, related=fault.related)
    redirects = any(f.type == "RequestRedirect" for f in rule.spec.filters)
    if not redirects and not any(ref.weight for ref in rule.spec.backend_refs):
        message, help = "the rule has no backend, so it answers 500", ""
        if rule.spec.backend_refs:
            message, help = "all backends have weight 0, so the rule answers 500", "give one of them a weight"
        sink.report(NO_BACKENDS, rule.spec.at("backendRefs"), message, help=help)


def _backend(graph: Graph, route: RouteNode, ref: HTTPBackendRef, finders: Finders, found: _Found) -> BackendNode:
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
        return BackendNode(ref, None, Fault(NOT_PERMITTED, message, "namespace", how_to_permit(route.resource, target)))
    answer = found.get((target, ref.port))
    if answer is None:
        answer = found[target, ref.port] = _find(graph, target, ref, finders)
    return BackendNode(ref, None, answer) if isinstance(answer, Fault) else BackendNode(ref, answer)


def _find(graph: Graph, target: Target, ref: HTTPBackendRef, finders: Finders) -> Backend | Fault:
    resource = graph.resources.get(*target)
    if resource is not None and _needs_tls(graph, target):
        return Fault(None, f'{target.kind} "{target.name}" needs a BackendTLSPolicy, which is not supported')
    if resource is not None:
        return finders[target.group, target.kind](graph.resources, resource, ref.port)
    message = f'{target.kind} "{target.name}" does not exist in namespace "{target.namespace}"'
    if graph.resources.is_broken(*target):
        return Fault(None, message)
    known = graph.resources.names(target.group, target.kind, target.namespace)
    return Fault(NOT_FOUND, message, help=did_you_mean(target.name, known) or _other_kind(graph, target))


def _needs_tls(graph: Graph, target: Target) -> bool:
    """Whether a BackendTLSPolicy, a kind that is refused, asks for TLS: nothing may go there in plain text."""
    return any(
        (key.kind, key.namespace) == ("BackendTLSPolicy", target.namespace)
        and (target.kind, target.name) in target_names(data)
        for key, data in graph.resources.broken.items()
    )


def _other_kind(graph: Graph, target: Target) -> str:
    for key in graph.resources.sound:
        if key.name == target.name and key.namespace == target.namespace and key.kind in ("Backend", "Service"):
            return f'there is a {key.kind} of that name: add group: "{key.group}" and kind: {key.kind}'
    return ""
