"""Effective policies: for each listener, and each rule on a listener, the settings that govern it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from egc.diagnostics import Rule, Severity, Sink
from egc.envoygateway.rules import broken, targets
from egc.envoygateway.rules.merge import merge
from egc.envoygateway.rules.targets import Node
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ListenerSetNode, RouteNode, RuleNode
from egc.kube.resource import Resource
from egc.kube.resources import key_of

CONFLICT = Rule(
    code="EGC3005",
    severity=Severity.ERROR,
    title="two policies of one kind on one target",
    explanation="""
        Only one policy of a kind can govern a target: the oldest by `creationTimestamp`, then the first by namespace
        and name. The other has no effect there.
        """,
    help="merge the two policies into one",
    condition="Accepted/Conflicted",
)
SHARED_LISTENER = Rule(
    code="EGC3006",
    severity=Severity.ERROR,
    title="one plain HTTP port, two client policies",
    explanation="""
        Listeners of protocol HTTP on one port share a connection manager, so a ClientTrafficPolicy must govern all
        of them or none: nothing in a plain connection tells which listener it is for.
        """,
    help="target every listener of the port, or the Gateway",
    condition="Accepted/Invalid",
)

if TYPE_CHECKING:  # a site imports the models of the kinds that it has
    from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicySpec
    from egc.envoygateway.models.clienttrafficpolicy import ClientTrafficPolicySpec
    from egc.envoygateway.models.securitypolicy import SecurityPolicySpec
    from egc.envoygateway.models.targets import PolicySpec

S = TypeVar("S", bound="PolicySpec")

_TARGETS = ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute")


Ancestor = tuple[str, str, str, str]
"""A Gateway or a ListenerSet, or a listener of one: kind, namespace, name and section."""


class _HasSpec(Protocol):
    @property
    def spec(self) -> PolicySpec: ...


@dataclass(frozen=True, eq=False)
class Effective(Generic[S]):
    """The settings that govern a node. ``broken``: they cannot be honoured, so nothing may pass."""

    spec: S
    name: str
    broken: bool = False


@dataclass(eq=False)
class PolicyNode(Generic[S]):
    """A policy and what it governs; ``conditions`` are by ancestor."""

    resource: Resource
    spec: S
    broken: bool
    governs: list[Node] = field(default_factory=list)
    conditions: dict[Ancestor, Conditions] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """namespace/name."""
        return f"{self.resource.namespace}/{self.resource.name}"


@dataclass(eq=False)
class Attached(Generic[S]):
    """All policies of one kind, by the node they govern.

    ``lost`` nodes have a policy that could not be read, or one of the further ``kinds``, which egc does not build.
    """

    kinds: tuple[str, ...]
    nodes: list[PolicyNode[S]] = field(default_factory=list)
    by_node: dict[int, PolicyNode[S]] = field(default_factory=dict)
    lost: dict[int, str] = field(default_factory=dict)
    _merged: dict[tuple[int, int], Effective[S]] = field(default_factory=dict)

    def on_listener(self, listener: ListenerNode) -> Effective[S] | None:
        """What governs a listener: its own policy, else its ListenerSet's, else its Gateway's."""
        if (lost := self._lost(*_around(listener))) is not None:
            return lost
        found = self._closest(*_around(listener))
        return Effective(found.spec, found.name, found.broken) if found else None

    def on_rule(self, rule: RuleNode, listener: ListenerNode) -> Effective[S] | None:
        """What governs a rule on a listener. The most specific policy wins as a whole, unless it asks to be merged."""
        if not self.by_node and not self.lost:
            return None
        if (lost := self._lost(rule, rule.route, *_around(listener))) is not None:
            return lost
        found = self._closest(rule, rule.route)
        parent = self._closest(*_around(listener))
        if found is None or parent is None or getattr(found.spec, "merge_type", None) is None:
            found = found or parent
            return Effective(found.spec, found.name, found.broken) if found else None
        key = (id(found), id(parent))
        if key not in self._merged:
            name = f"{found.name}+{parent.name}"
            self._merged[key] = Effective(merge(parent.spec, found.spec), name, found.broken or parent.broken)
        return self._merged[key]

    def _closest(self, *nodes: Node) -> PolicyNode[S] | None:
        return next((self.by_node[id(node)] for node in nodes if id(node) in self.by_node), None)

    def governing(self, listener: ListenerNode) -> PolicyNode[S] | None:
        """The policy on a listener, or on what it belongs to."""
        return self._closest(*_around(listener))

    def _lost(self, *nodes: Node) -> Effective[S] | None:
        name = next((self.lost[id(node)] for node in nodes if id(node) in self.lost), None)
        return Effective(cast("S", _empty_spec(self.kinds[0])), name, broken=True) if name is not None else None


@dataclass(eq=False)
class Policies:
    """The effective policies of a site, by kind."""

    client: Attached[ClientTrafficPolicySpec]
    backend: Attached[BackendTrafficPolicySpec]
    security: Attached[SecurityPolicySpec]


def attach(graph: Graph, sink: Sink) -> Policies:
    """Attach every policy; a policy that cannot be attached is reported and governs nothing."""
    client: Attached[ClientTrafficPolicySpec] = Attached(("ClientTrafficPolicy",))
    backend: Attached[BackendTrafficPolicySpec] = Attached(("BackendTrafficPolicy",))
    security: Attached[SecurityPolicySpec] = Attached(("SecurityPolicy", "EnvoyExtensionPolicy"))
    _attach_all(graph, client, ("Gateway", "ListenerSet"), sink)
    _attach_all(graph, backend, _TARGETS, sink)
    _attach_all(graph, security, _TARGETS, sink)
    _check_shared_ports(graph, client, sink)
    return Policies(client, backend, security)


def _attach_all(graph: Graph, attached: Attached[S], kinds: tuple[str, ...], sink: Sink) -> None:
    for resource in graph.resources.of_kind(attached.kinds[0]):
        spec = cast("S", cast("_HasSpec", resource).spec)
        _attach(graph, attached, PolicyNode(resource, spec, _broken(graph, resource)), kinds, sink)
    attached.lost = {id(node): name for kind in attached.kinds for node, name in broken.governed(graph, kind)}
    for policy in attached.nodes:
        for node in targets.beyond(graph, policy.resource, policy.spec, kinds):
            attached.lost.setdefault(id(node), policy.name)


def _empty_spec(kind: str) -> object:
    """What a policy says that could not be read: nothing."""
    module = import_module(f"egc.envoygateway.models.{kind.lower()}")
    return getattr(module, f"{kind}Spec")()


def _broken(graph: Graph, policy: Resource) -> bool:
    """Whether the policy sets something that egc had to refuse."""
    return key_of(policy) in graph.resources.refused


def _attach(graph: Graph, attached: Attached[S], policy: PolicyNode[S], kinds: tuple[str, ...], sink: Sink) -> None:
    attached.nodes.append(policy)
    for hit in targets.resolve(graph, policy.resource, policy.spec, kinds, sink):
        older = attached.by_node.setdefault(id(hit.node), policy)
        if older is policy:
            policy.governs.append(hit.node)
            for ancestor in ancestors(hit.node):
                policy.conditions.setdefault(ancestor, Conditions()).set("Accepted", "Accepted", "Policy is accepted")
            continue
        message = f'{policy.resource.kind} "{older.name}" already governs this target'
        related = [(older.resource.at("metadata", "name"), "this one")]
        for ancestor in ancestors(hit.node):
            policy.conditions.setdefault(ancestor, Conditions()).deny(CONFLICT, hit.at, message, sink, related=related)


def ancestors(node: Node) -> list[Ancestor]:
    """The Gateways and ListenerSets under which a node's policy is reported."""
    match node:
        case GatewayNode() | ListenerSetNode():
            return [(node.resource.kind, node.resource.namespace, node.resource.name, "")]
        case ListenerNode():
            owner = node.owner.resource
            return [(owner.kind, owner.namespace, owner.name, node.spec.name)]
        case RouteNode():
            refs = [parent.ref for parent in node.parents]
            found = [(r.kind, r.namespace or node.resource.namespace, r.name, r.section_name or "") for r in refs]
            return list(dict.fromkeys(found))
    return ancestors(node.route)


def _around(listener: ListenerNode) -> tuple[Node, ...]:
    """Whose policies reach a listener, the closest first."""
    if isinstance(listener.owner, GatewayNode):
        return listener, listener.owner
    return listener, listener.owner, listener.gateway


def _check_shared_ports(graph: Graph, client: Attached[ClientTrafficPolicySpec], sink: Sink) -> None:
    """A policy on some of the plain listeners of a port cannot be told from that on the others."""
    ports: dict[tuple[int, tuple[str, ...]], list[ListenerNode]] = defaultdict(list)
    for listener in graph.listeners():
        if listener.spec.protocol == "HTTP":
            ports[listener.spec.port, listener.gateway.addresses].append(listener)
    for listeners in ports.values():
        if len({id(client.governing(listener)) for listener in listeners}) > 1:
            for policy in client.nodes:
                for node in policy.governs:
                    _check_shared_port(listeners, policy, node, client, sink)


def _check_shared_port(
    listeners: list[ListenerNode],
    policy: PolicyNode[ClientTrafficPolicySpec],
    node: Node,
    client: Attached[ClientTrafficPolicySpec],
    sink: Sink,
) -> None:
    mine = [one for one in listeners if _is_within(one, node) and client.governing(one) is policy]
    # What is said of a Gateway stands for its port; it is the exception to it that cannot be told.
    strangers = [one for one in listeners if client.governing(one) is not policy and one.gateway is not node]
    if mine and strangers:
        _refuse_shared_port(policy, node, mine[0], strangers[0], sink)


def _is_within(listener: ListenerNode, node: Node) -> bool:
    return any(node is around for around in _around(listener))


def _refuse_shared_port(
    policy: PolicyNode[ClientTrafficPolicySpec], node: Node, listener: ListenerNode, stranger: ListenerNode, sink: Sink
) -> None:
    message = f'listener "{stranger.spec.name}" shares port {listener.spec.port} and is not targeted'
    key = ancestors(node)[0]
    conditions = policy.conditions[key] = Conditions()
    refs = [*policy.spec.target_refs, *([policy.spec.target_ref] if policy.spec.target_ref else [])]
    named = [ref for ref in refs if (ref.kind, ref.name, ref.section_name or "") == (key[0], *key[2:])]
    at = named[0].at("sectionName" if named[0].section_name else "name") if named else policy.resource.at("spec")
    conditions.deny(SHARED_LISTENER, at, message, sink, related=[(stranger.spec.at("name"), "this listener")])
    policy.broken = True
