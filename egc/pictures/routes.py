"""Routes of every kind with their rules, what they attach to, and the backends that they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from egc.gatewayapi.graph import Backend, BackendNode, Endpoint, Fault, ParentNode, RouteNode, RuleNode
from egc.gatewayapi.models.shared import BackendObjectReference, BackendRef, ParentReference
from egc.kube.resources import Key
from egc.pictures.matches import summary
from egc.pictures.model import Card, End, Role, Row
from egc.pictures.problems import denials
from egc.pictures.sketch import Sketch

if TYPE_CHECKING:
    from egc.gatewayapi.graph import Route, RouteRule

KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
ENDPOINTS = 3
"""How many endpoints of a backend are named."""


def draw(sketch: Sketch) -> None:
    """Draw every route of the input, whether or not it is served."""
    graph = sketch.graph
    nodes = {id(node.resource): node for node in graph.routes}
    attached: dict[int, list[End]] = defaultdict(list)
    for listener in graph.listeners():
        for attachment in listener.attached:
            attached[id(attachment.parent)].append(sketch.ends[id(listener)])
    for kind in KINDS:
        for resource in cast("list[Route]", graph.resources.of_kind(kind)):
            _route(sketch, resource, nodes.get(id(resource)), attached)
    _closed(sketch)


def _closed(sketch: Sketch) -> None:
    """Rules that a policy governs which cannot be honoured: nothing may pass."""
    policies = sketch.policies
    for listener in sketch.graph.listeners():
        client = policies.client.on_listener(listener)
        for rule in (rule for attachment in listener.attached for rule in attachment.parent.route.rules):
            for found in (client, policies.backend.on_rule(rule, listener), policies.security.on_rule(rule, listener)):
                end = sketch.ends.get(id(rule))  # what cannot be read has no card
                if found is not None and found.broken and end is not None:
                    message = f'policy "{found.name}" cannot be honoured, so nothing passes'
                    sketch.picture.cards[end.card].rows[end.row].errors[message] = None


def _route(sketch: Sketch, resource: Route, node: RouteNode | None, attached: dict[int, list[End]]) -> None:
    card = sketch.card(resource, Role.ROUTE)
    card.details += getattr(resource.spec, "hostnames", ())
    rules = {id(rule.spec): rule for rule in node.rules} if node else {}
    parts = []
    specs: Sequence[RouteRule] = resource.spec.rules
    for number, spec in enumerate(specs):
        rule = rules.get(id(spec))
        row = Row(*summary(spec))
        end = sketch.row(card, spec.name or str(number), row, rule)
        if rule is not None and rule.broken:
            row.errors["it answers 500"] = None
        parts.append((spec.at(), row))
        _backends(sketch, resource, spec, rule, end)
    if node is not None:
        sketch.ends[id(node)] = End(card.id)
        card.errors |= denials(node.conditions)
    parents = {id(parent.ref): parent for parent in node.parents} if node else {}
    for ref in resource.spec.parent_refs:
        _parent(sketch, card, ref, parents.get(id(ref)), attached)
    sketch.tell(resource, card, parts)


def _parent(
    sketch: Sketch, card: Card, ref: ParentReference, node: ParentNode | None, attached: dict[int, list[End]]
) -> None:
    ends = attached.get(id(node), []) if node else []
    if node is not None:
        card.errors |= denials(node.conditions)
    for end in ends:
        sketch.connect(end, End(card.id), broken=bool(node and denials(node.conditions)))
    if not ends:
        key = Key(ref.group, ref.kind, ref.namespace or card.namespace, ref.name)
        parent = sketch.referred(key, Role.GATEWAY)
        tail = End(parent.id)
        if ref.section_name is not None and not parent.missing and parent.rows:
            exists = ref.section_name in parent.rows
            tail = End(parent.id, ref.section_name) if exists else sketch.missing(parent, "listener", ref.section_name)
        sketch.connect(tail, End(card.id), broken=True)


def _backends(sketch: Sketch, resource: Route, spec: RouteRule, rule: RuleNode | None, end: End) -> None:
    refs: Sequence[BackendRef] = spec.backend_refs
    nodes = {id(node.ref): node for node in rule.backends} if rule else {}
    total = sum(ref.weight for ref in refs)
    for ref in refs:
        label = f"{100 * ref.weight / total:.3g} %" if total and len(refs) > 1 else ""
        _backend(sketch, resource, ref, nodes.get(id(ref)), end, label)
        for filter in getattr(ref, "filters", ()):
            _asked(sketch, resource, filter, rule, end)
    for filter in getattr(spec, "filters", ()):
        _asked(sketch, resource, filter, rule, end)


def _asked(sketch: Sketch, resource: Route, filter: object, rule: RuleNode | None, end: End) -> None:
    """Other backends, that a filter sends something to."""
    for field, label in (("request_mirror", "mirror"), ("external_auth", "asks")):
        found = getattr(filter, field, None)
        if found is not None:
            node = rule.asked.get(id(filter)) if rule else None
            _backend(sketch, resource, found.backend_ref, node, end, label)


def _backend(
    sketch: Sketch, resource: Route, ref: BackendObjectReference, node: BackendNode | None, end: End, label: str
) -> None:
    card = sketch.referred(Key(ref.group, ref.kind, ref.namespace or resource.namespace, ref.name), Role.BACKEND)
    head = End(card.id)
    fault = node.fault if node else None
    if fault is not None:
        _blame(sketch, end, fault)
    elif not card.missing:
        head = _port(card, ref.port, node.backend if node else None)
    sketch.connect(end, head, label, broken=card.missing or fault is not None)


def _blame(sketch: Sketch, end: End, fault: Fault) -> None:
    row = sketch.picture.cards[end.card].rows[end.row]
    row.errors[fault.message] = None


def _port(card: Card, port: int | None, backend: Backend | None) -> End:
    """The row of a backend's port, with where it listens."""
    key = str(port or "")
    row = card.rows.setdefault(key, Row(f":{port}" if port else ""))
    if backend is not None and not row.detail:
        shown = [_address(endpoint) for endpoint in backend.endpoints[:ENDPOINTS]]
        more = len(backend.endpoints) - len(shown)
        row.detail = ", ".join(shown) + (f" and {more} more" if more else "")
        if not shown:
            row.warnings["no endpoints: it answers 503"] = None
    return End(card.id, key)


def _address(endpoint: Endpoint) -> str:
    if endpoint.path:
        return endpoint.path
    return f"[{endpoint.host}]:{endpoint.port}" if ":" in endpoint.host else f"{endpoint.host}:{endpoint.port}"
