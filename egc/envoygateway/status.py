"""Statuses of everything, with the policies' ancestors."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from egc.envoygateway.policies import Attached, Policies, PolicyNode, ancestors
from egc.envoygateway.rules.targets import Node
from egc.gatewayapi import status
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ListenerSetNode, RouteNode, RuleNode

if TYPE_CHECKING:
    from egc.envoygateway.models.targets import PolicySpec

S = TypeVar("S", bound="PolicySpec")


def statuses(graph: Graph, policies: Policies) -> list[status.Status]:
    """The statuses of the Gateway API's kinds, then those of the policies."""
    found = status.statuses(graph)
    found += _policies(graph, policies.client)
    found += _policies(graph, policies.backend)
    return found + _policies(graph, policies.security)


def _policies(graph: Graph, attached: Attached[S]) -> list[status.Status]:
    for policy in attached.nodes:
        _note_deprecated(policy)
        for node in policy.governs:
            _note_overridden(attached, policy, node)
    return [status.report(p.resource, {"ancestors": _ancestors(graph, p)}) for p in attached.nodes]


def _ancestors(graph: Graph, policy: PolicyNode[S]) -> list[status.Status]:
    found = []
    for (kind, namespace, name, section), conditions in policy.conditions.items():
        ref = {"group": "gateway.networking.k8s.io", "kind": kind, "namespace": namespace, "name": name}
        if section:
            ref["sectionName"] = section
        listed = status.conditions(conditions, policy.resource)
        found.append({"ancestorRef": ref, "controllerName": graph.controller, "conditions": listed})
    return found


def _note_deprecated(policy: PolicyNode[S]) -> None:
    if policy.spec.target_ref is not None:
        for conditions in policy.conditions.values():
            if not conditions.denied("Accepted"):
                conditions.set("Warning", "DeprecatedField", "spec.targetRef is deprecated, use spec.targetRefs")


def _note_overridden(attached: Attached[S], policy: PolicyNode[S], node: Node) -> None:
    """Say which more specific policies take over a part of what this one governs, and what it is merged with."""
    others = [other for other in attached.nodes if other is not policy and any(_within(n, node) for n in other.governs)]
    merged = [other for other in others if getattr(other.spec, "merge_type", None) is not None]
    overriding = [other for other in others if other not in merged]
    if overriding:
        names = ", ".join(other.name for other in overriding)
        for ancestor in ancestors(node):
            conditions = policy.conditions.setdefault(ancestor, Conditions())
            conditions.set("Overridden", "Overridden", f"Policy is overridden by {names}")
    for other in merged:
        for conditions in other.conditions.values():
            conditions.set("Merged", "Merged", f"Policy is merged with {policy.name}")


def _within(inner: Node, outer: Node) -> bool:
    """Whether a policy on *inner* is more specific than one on *outer* that reaches it."""
    match inner, outer:
        case RuleNode(), RouteNode():
            return inner.route is outer
        case ListenerNode(), GatewayNode():
            return inner.gateway is outer
        case ListenerNode(), ListenerSetNode():
            return inner.owner is outer
        case ListenerSetNode(), GatewayNode():
            return inner.gateway is outer
        case ((RuleNode() | RouteNode()), (GatewayNode() | ListenerSetNode() | ListenerNode())):
            route = inner.route if isinstance(inner, RuleNode) else inner
            listeners = [outer] if isinstance(outer, ListenerNode) else outer.listeners
            if isinstance(outer, GatewayNode):
                listeners = list(outer.all_listeners())
            return any(id(route) in listener.routes for listener in listeners)
    return False
