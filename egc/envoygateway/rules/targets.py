"""Policy targets: targetRef, targetRefs and targetSelectors to nodes of the graph. One resolver for all kinds.

https://gateway-api.sigs.k8s.io/reference/policy-attachment/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from egc.diagnostics import Located, Rule, Severity, Sink, did_you_mean, suggest
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ListenerSetNode, RouteNode, RuleNode
from egc.gatewayapi.rules import namespaces
from egc.gatewayapi.rules.grants import Target, permitted
from egc.gatewayapi.rules.namespaces import selects, selects_namespace
from egc.kube.resource import Resource

if TYPE_CHECKING:
    from egc.envoygateway.models.targets import PolicySpec, PolicyTargetReference, TargetSelector

TARGET_NOT_FOUND = Rule(
    code="EGC3001",
    severity=Severity.ERROR,
    title="policy targets something that does not exist",
    explanation="""
        A policy whose target is missing protects nothing. Targets are looked up in the policy's own namespace;
        `sectionName` is the name of a listener of a Gateway or a ListenerSet, or of a rule (`rules[].name`) of a route.

        ```yaml
        targetRefs:
        - {group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop}
        ```
        """,
    condition="Accepted/TargetNotFound",
)
TARGET_KIND = Rule(
    code="EGC3002",
    severity=Severity.ERROR,
    title="policy cannot target this kind",
    explanation="""
        ClientTrafficPolicy governs Gateways, ListenerSets and their listeners; BackendTrafficPolicy and SecurityPolicy
        also HTTPRoutes, GRPCRoutes and their rules.
        """,
)
SELECTS_NOTHING = Rule(
    code="EGC3003",
    severity=Severity.ERROR,
    title="policy selects nothing",
    explanation="None of the objects of that kind has the labels that `targetSelectors` asks for.",
    help="check the labels, or name the targets in targetRefs",
)
NO_TARGET = Rule(
    code="EGC3004",
    severity=Severity.ERROR,
    title="policy without a target",
    explanation="A policy needs `targetRefs`, `targetRef` or `targetSelectors`.",
    help="add targetRefs",
)

GROUP = "gateway.networking.k8s.io"
_KINDS = frozenset({"Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"})
Owner = GatewayNode | ListenerSetNode | RouteNode
Node = Owner | ListenerNode | RuleNode


@dataclass(frozen=True, slots=True)
class Hit:
    """One node that a policy targets, and the place that says so."""

    node: Node
    at: Located


def resolve(graph: Graph, policy: Resource, spec: PolicySpec, kinds: tuple[str, ...], sink: Sink) -> list[Hit]:
    """Every node that *policy* targets; what cannot be found is reported."""
    hits: dict[int, Hit] = {}
    refs = list(spec.target_refs) + ([spec.target_ref] if spec.target_ref else [])
    if not refs and not spec.target_selectors:
        sink.report(NO_TARGET, policy.at("spec"), f'{policy.kind} "{policy.name}" has no target')
    for selector in spec.target_selectors:
        found = list(_select(graph, policy, selector, kinds, sink))
        for selected in found:
            hits.setdefault(id(selected), Hit(selected, selector.at("kind")))
    for ref in refs:
        if (ref.group, ref.kind) not in {(GROUP, kind) for kind in kinds}:
            _report_kind(policy, ref, kinds, sink)
            continue
        owner = _named(graph, ref.kind, policy.namespace, ref.name)
        if owner is None:
            _report_missing(graph, policy, ref.kind, ref.name, ref.at("name"), sink)
            continue
        node: Node | None = owner if ref.section_name is None else _section(owner, ref.section_name)
        if node is None and isinstance(owner, ListenerSetNode) and not owner.listeners:
            continue  # it is not let in, and that was told of it
        if node is None:
            _report_section(owner, ref.section_name or "", ref.at("sectionName"), sink)
            continue
        hits.setdefault(id(node), Hit(node, ref.at("name")))
    return list(hits.values())


def beyond(graph: Graph, policy: Resource, spec: PolicySpec, kinds: tuple[str, ...]) -> Iterator[Owner]:
    """What *policy* means but cannot govern: it is not to be served as if the policy were not there.

    That is an object of another kind, and one that has no section of the name.
    """
    refs = list(spec.target_refs) + ([spec.target_ref] if spec.target_ref else [])
    governable = {(GROUP, kind) for kind in kinds}
    for ref in refs:
        wrong = (ref.group, ref.kind) not in governable
        found = _named(graph, _meant(ref.kind, kinds) if wrong else ref.kind, policy.namespace, ref.name)
        if found is not None and (wrong or (ref.section_name and _section(found, ref.section_name) is None)):
            yield found
    for selector in spec.target_selectors:
        wrong = (selector.group, selector.kind) not in governable
        for node in _nodes(graph, _meant(selector.kind, kinds)) if wrong else ():
            reached = _in_reach(graph, policy, selector, node.resource.namespace)
            if reached and selects(selector, node.resource.metadata.labels):
                yield node


def _meant(kind: str, kinds: tuple[str, ...]) -> str:
    """A kind of the graph, or the one that is misspelt."""
    return kind if kind in _KINDS else suggest(kind, kinds) or kind


def _nodes(graph: Graph, kind: str) -> Iterator[Owner]:
    yield from graph.gateways if kind == "Gateway" else ()
    yield from graph.listener_sets if kind == "ListenerSet" else ()
    yield from (route for route in graph.routes if route.resource.kind == kind)


def _named(graph: Graph, kind: str, namespace: str, name: str) -> Owner | None:
    return next((n for n in _nodes(graph, kind) if (n.resource.namespace, n.resource.name) == (namespace, name)), None)


def _section(owner: Owner, name: str) -> ListenerNode | RuleNode | None:
    if not isinstance(owner, RouteNode):
        return next((listener for listener in owner.listeners if listener.spec.name == name), None)
    return next((rule for rule in owner.rules if rule.spec.name == name), None)


def _sections(owner: Owner) -> list[str]:
    if not isinstance(owner, RouteNode):
        return [listener.spec.name for listener in owner.listeners]
    return [rule.spec.name for rule in owner.rules if rule.spec.name]


def _select(
    graph: Graph, policy: Resource, selector: TargetSelector, kinds: tuple[str, ...], sink: Sink
) -> Iterator[Owner]:
    if (selector.group, selector.kind) not in {(GROUP, kind) for kind in kinds}:
        _report_kind(policy, selector, kinds, sink)
        return
    reach = selector.namespaces.selector if selector.namespaces is not None else None
    wrong = [problem for found in (selector, reach) if found is not None for problem in namespaces.problems(found)]
    for at, message, help in wrong:
        sink.report(namespaces.BAD_SELECTOR, at, message, help=help)
    anything = bool(wrong)
    for node in _nodes(graph, selector.kind):
        resource = node.resource
        target = Target(GROUP, selector.kind, resource.namespace, resource.name)
        if not _in_reach(graph, policy, selector, resource.namespace) or not permitted(graph.resources, policy, target):
            continue
        # What a selector that makes no sense would select cannot be told: rather too much is protected than too little.
        if wrong or selects(selector, resource.metadata.labels):
            anything = True
            yield node
    if not anything:
        sink.report(SELECTS_NOTHING, selector.at(), f"no {selector.kind} has these labels")


def _in_reach(graph: Graph, policy: Resource, selector: TargetSelector, namespace: str) -> bool:
    """Selectors stay in the policy's namespace unless they say otherwise."""
    reach = selector.namespaces
    if reach is None or reach.from_ == "Same":
        return namespace == policy.namespace
    if reach.from_ == "All":
        return True
    # Rather too much is protected than too little.
    return reach.selector is not None and selects_namespace(graph.resources, reach.selector, namespace, unknown=True)


def _report_missing(graph: Graph, policy: Resource, kind: str, name: str, at: Located, sink: Sink) -> None:
    resources = graph.resources
    if resources.is_broken(GROUP, kind, policy.namespace, name):
        return
    if resources.get(GROUP, kind, policy.namespace, name) is not None:
        return  # it is not served, and that was told of it
    message = f'{kind} "{name}" does not exist in namespace "{policy.namespace}"'
    sink.report(TARGET_NOT_FOUND, at, message, help=did_you_mean(name, resources.names(GROUP, kind, policy.namespace)))


def _report_kind(
    policy: Resource, ref: PolicyTargetReference | TargetSelector, kinds: tuple[str, ...], sink: Sink
) -> None:
    if ref.kind in kinds:
        message, help = f'{policy.kind} cannot target {ref.kind} of group "{ref.group}"', f"write group: {GROUP}"
        sink.report(TARGET_KIND, ref.at("group"), message, help=help)
        return
    meant = did_you_mean(ref.kind, kinds) if ref.kind not in _KINDS else ""
    help = meant or f"it can target {' or '.join(kinds)}"
    sink.report(TARGET_KIND, ref.at("kind"), f"{policy.kind} cannot target {ref.kind}", help=help)


def _report_section(owner: Owner, name: str, at: Located, sink: Sink) -> None:
    what, known = "rule" if isinstance(owner, RouteNode) else "listener", _sections(owner)
    message = f'{owner.resource.kind} "{owner.resource.name}" has no {what} "{name}"'
    help = did_you_mean(name, known) or (f"its {what}s: {', '.join(known)}" if known else f"give the {what} a name")
    sink.report(TARGET_NOT_FOUND, at, message, help=help)
