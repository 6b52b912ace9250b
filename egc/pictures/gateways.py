"""GatewayClasses, Gateways and ListenerSets with their listeners, and the certificates that these present."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from egc.gatewayapi.graph import GatewayNode, ListenerNode, ListenerSetNode
from egc.gatewayapi.models.gateway import Gateway, GatewayTLSConfig, Listener
from egc.gatewayapi.models.gatewayclass import GatewayClass
from egc.kube.resources import Key
from egc.pictures.model import Card, End, Role, Row
from egc.pictures.problems import denials
from egc.pictures.sketch import GROUP, Sketch
from egc.plan import names

if TYPE_CHECKING:
    from egc.gatewayapi.models.listenerset import ListenerSet
    from egc.plan.model import Certificate

_HELD = Role.CERTIFICATE


def draw(sketch: Sketch) -> None:
    """Draw them from the class to the listener."""
    graph = sketch.graph
    nodes = {id(node.resource): node for node in graph.gateways}
    for resource in graph.resources.of(GatewayClass):
        card = sketch.card(resource, Role.CLASS)
        if resource.spec.controller_name != graph.controller:
            card.details.append(resource.spec.controller_name)
        sketch.tell(resource, card)
    for found in graph.classes:
        sketch.card(found.resource, Role.CLASS).errors |= denials(found.conditions)
    for gateway in graph.resources.of(Gateway):
        _gateway(sketch, gateway, nodes.get(id(gateway)))
    sets = {id(found.resource): found for found in graph.listener_sets}
    for listener_set in graph.resources.of_kind("ListenerSet"):
        _set(sketch, cast("ListenerSet", listener_set), sets.get(id(listener_set)))


def _gateway(sketch: Sketch, resource: Gateway, node: GatewayNode | None) -> None:
    card = sketch.card(resource, Role.GATEWAY)
    if node is not None:
        sketch.ends[id(node)] = End(card.id)
        card.details += node.addresses
        card.errors |= denials(node.conditions)
        if node.broken:
            card.errors["every request is answered with 500"] = None
    _listeners(sketch, card, resource, resource.spec.listeners, node.listeners if node else ())
    owner = sketch.referred(Key(GROUP, "GatewayClass", "", resource.spec.gateway_class_name), Role.CLASS)
    sketch.connect(End(owner.id), End(card.id), broken=owner.missing)
    if resource.spec.tls is not None:
        _tls(sketch, resource, resource.spec.tls, node, card)


def _tls(sketch: Sketch, resource: Gateway, tls: GatewayTLSConfig, node: GatewayNode | None, card: Card) -> None:
    """Who vouches for clients, and what is shown to backends."""
    if tls.frontend is not None:
        for config in (tls.frontend.default, *(port.tls for port in tls.frontend.per_port)):
            for ref in config.validation.ca_certificate_refs if config.validation else ():
                found = sketch.referred(Key(ref.group, ref.kind, ref.namespace or resource.namespace, ref.name), _HELD)
                sketch.connect(End(found.id), End(card.id), broken=found.missing)
    client = tls.backend.client_certificate_ref if tls.backend else None
    if client is not None:
        key = Key(client.group, client.kind, client.namespace or resource.namespace, client.name)
        usable = node is not None and node.tls.client is not None
        _present(sketch, key, End(card.id), usable=usable, broken=node is not None and not usable)


def _set(sketch: Sketch, resource: ListenerSet, node: ListenerSetNode | None) -> None:
    card = sketch.card(resource, Role.GATEWAY)
    if node is not None:
        sketch.ends[id(node)] = End(card.id)
        card.errors |= denials(node.conditions)
    _listeners(sketch, card, resource, resource.spec.listeners, node.listeners if node else ())
    ref = resource.spec.parent_ref
    parent = sketch.referred(Key(ref.group, ref.kind, ref.namespace or resource.namespace, ref.name), Role.GATEWAY)
    sketch.connect(End(parent.id), End(card.id), broken=node is None or bool(denials(node.conditions)))


def _listeners(
    sketch: Sketch,
    card: Card,
    resource: Gateway | ListenerSet,
    specs: Iterable[Listener],
    nodes: Iterable[ListenerNode],
) -> None:
    """A row for each listener, by its name; of several with one name the later ones are numbered."""
    by_spec = {id(node.spec): node for node in nodes}
    parts = []
    for number, spec in enumerate(specs):
        node = by_spec.get(id(spec))
        row = Row(spec.name, f":{spec.port} {spec.protocol} {spec.hostname or '*'}")
        key = spec.name if spec.name not in card.rows else f"{spec.name}#{number}"
        end = sketch.row(card, key, row, node)
        if node is not None:
            row.errors |= denials(node.conditions)
            if not node.programmed and not row.errors:
                row.errors["it is not served"] = None
        parts.append((spec.at(), row))
        _certificates(sketch, resource.namespace, spec, node, end)
    sketch.tell(resource, card, parts)


def _certificates(sketch: Sketch, namespace: str, spec: Listener, node: ListenerNode | None, end: End) -> None:
    found = {id(certificate.ref) for certificate in node.certificates} if node else set()
    for ref in spec.tls.certificate_refs if spec.tls else ():
        key = Key(ref.group, ref.kind, ref.namespace or namespace, ref.name)
        usable = id(ref) in found
        _present(sketch, key, end, usable=usable, broken=node is not None and not usable)


def _present(sketch: Sketch, key: Key, end: End, *, usable: bool, broken: bool) -> None:
    card = sketch.referred(key, _HELD)
    if usable:  # what is no part of the input lies on the host
        card.missing = False
        card.details = card.details or _origin(sketch.plan.certificates, names.certificate(key.namespace, key.name))
    sketch.connect(End(card.id), end, broken=broken)


def _origin(certificates: Iterable[Certificate], name: str) -> list[str]:
    """Where a certificate comes from."""
    found = next((certificate for certificate in certificates if certificate.name == name), None)
    if found is None:
        return []
    if found.secret is not None:
        return ["in the input"]
    if not found.lineage:
        return ["on the host"]
    return [f"certbot: {', '.join(found.hostnames)}" if found.hostnames else "certbot"]
