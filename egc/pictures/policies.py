"""Policies and what they govern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from egc.envoygateway.policies import Attached, PolicyNode
from egc.envoygateway.rules.targets import Node
from egc.gatewayapi.graph import ListenerNode, RuleNode
from egc.gatewayapi.tls import BackendTLSPolicyNode
from egc.kube.resources import Key, target_names
from egc.pictures.model import Card, End, Role
from egc.pictures.problems import denials
from egc.pictures.sketch import GROUP, Sketch


def draw(sketch: Sketch) -> None:
    """Draw the policies, and what cannot be read where it is known what it would be."""
    for attached in _kinds(sketch):
        for policy in attached.nodes:
            _policy(sketch, policy)
    for tls in sketch.graph.tls_policies:
        _backend_tls(sketch, tls)
    for key, data in sketch.graph.resources.broken.items():
        if key.kind.endswith("Policy"):
            card = sketch.referred(key, Role.POLICY)
            for kind, name in sorted(target_names(data)):
                target = sketch.referred(Key(GROUP, kind, key.namespace, name), _role(kind))
                sketch.connect(End(card.id), End(target.id), broken=True, governs=True)


def _kinds(sketch: Sketch) -> Iterator[Attached[Any]]:
    for field in fields(sketch.policies):
        found = getattr(sketch.policies, field.name)
        if isinstance(found, Attached):
            yield found


def _policy(sketch: Sketch, policy: PolicyNode[Any]) -> None:
    card = sketch.card(policy.resource, Role.POLICY)
    for conditions in policy.conditions.values():
        card.errors |= denials(conditions)
    if policy.broken:
        card.errors["it cannot be honoured"] = None
    for node in policy.governs:
        if (head := sketch.ends.get(id(node))) is not None:
            sketch.connect(End(card.id), head, broken=policy.broken, governs=True)
    governed = {_named(node) for node in policy.governs}
    spec = policy.spec
    for ref in [*spec.target_refs, *([spec.target_ref] if spec.target_ref else [])]:
        if (ref.kind, ref.name, ref.section_name) not in governed:
            _astray(sketch, card, ref)
    sketch.tell(policy.resource, card)


def _backend_tls(sketch: Sketch, policy: BackendTLSPolicyNode) -> None:
    """A BackendTLSPolicy, the backends that are spoken to by TLS, and who vouches for them."""
    resource = policy.resource
    card = sketch.card(resource, Role.POLICY)
    card.details.append(resource.spec.validation.hostname)
    for conditions in (policy.conditions, *policy.ancestors.values()):
        card.errors |= denials(conditions)
    for ref in resource.spec.validation.ca_certificate_refs:
        authority = sketch.referred(Key(ref.group, ref.kind, resource.namespace, ref.name), Role.CERTIFICATE)
        sketch.connect(End(authority.id), End(card.id), broken=authority.missing or policy.tls is None)
    for target in resource.spec.target_refs:
        backend = sketch.referred(Key(target.group, target.kind, resource.namespace, target.name), Role.BACKEND)
        sketch.connect(End(card.id), End(backend.id), broken=backend.missing or policy.tls is None, governs=True)
    sketch.tell(resource, card)


def _astray(sketch: Sketch, card: Card, ref: Any) -> None:
    """A target that the policy does not govern: it does not exist, or another policy has it."""
    target = sketch.referred(Key(ref.group, ref.kind, card.namespace, ref.name), _role(ref.kind))
    head = End(target.id)
    if ref.section_name is not None and not target.missing:
        exists = ref.section_name in target.rows
        head = End(target.id, ref.section_name) if exists else sketch.missing(target, "section", ref.section_name)
    sketch.connect(End(card.id), head, broken=True, governs=True)


def _named(node: Node) -> tuple[str, str, str | None]:
    """The kind, the name and the section by which a policy names a node."""
    match node:
        case ListenerNode():
            return node.owner.resource.kind, node.owner.resource.name, node.spec.name
        case RuleNode():
            return node.route.resource.kind, node.route.resource.name, node.spec.name
    return node.resource.kind, node.resource.name, None


def _role(kind: str) -> Role:
    if kind in ("Gateway", "ListenerSet"):
        return Role.GATEWAY
    if kind.endswith("Route"):
        return Role.ROUTE
    return Role.BACKEND if kind in ("Service", "Backend") else Role.CLASS
