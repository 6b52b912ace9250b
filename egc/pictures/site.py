"""A compiled site to a picture of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from egc.diagnostics import Diagnostic, Severity
from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Graph
from egc.kube.resources import Key
from egc.pictures import gateways, policies, routes
from egc.pictures.model import End, Picture, Role
from egc.pictures.problems import Problems, without_repetition
from egc.pictures.sketch import GROUP, Sketch
from egc.plan.model import Plan

_ROLES = {"GatewayClass": Role.CLASS, "Gateway": Role.GATEWAY, "ListenerSet": Role.GATEWAY, "Backend": Role.BACKEND}


def draw(graph: Graph, attached: Policies, plan: Plan, findings: Sequence[Diagnostic]) -> Picture:
    """Everything that serves, and everything that was meant to; in an order that the input's does not change."""
    sketch = Sketch(graph, attached, plan, Problems(findings))
    gateways.draw(sketch)
    routes.draw(sketch)
    policies.draw(sketch)
    _unreadable(sketch)
    for card in sketch.picture.cards.values():
        without_repetition(card)
    picture = sketch.picture.ordered()
    picture.elsewhere = tuple(_elsewhere(picture, findings))
    return picture


def _unreadable(sketch: Sketch) -> None:
    """Objects that nothing could be made of; most others are there only if something refers to them."""
    for key, data in sketch.graph.resources.broken.items():
        role = Role.ROUTE if key.kind in routes.KINDS else _ROLES.get(key.kind)
        if role is None:
            continue
        card = sketch.referred(key, role)
        for parent in _parents(key, data):
            if parent in sketch.graph.resources.sound:
                sketch.connect(End(sketch.referred(parent, Role.GATEWAY).id), End(card.id), broken=True)


def _parents(key: Key, data: dict[str, object]) -> Iterator[Key]:
    """What the plain data of a route or a ListenerSet seems to attach to."""
    spec = data.get("spec")
    refs = [spec.get("parentRef"), *_list(spec.get("parentRefs"))] if isinstance(spec, dict) else []
    for ref in refs:
        if isinstance(ref, dict):
            kind, namespace = ref.get("kind", "Gateway"), ref.get("namespace", key.namespace)
            yield Key(GROUP, str(kind), str(namespace), str(ref.get("name")))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _elsewhere(picture: Picture, findings: Sequence[Diagnostic]) -> Iterator[str]:
    """Errors of what is not drawn: files that cannot be read, objects of kinds that are not supported."""
    told: set[str] = set()
    for card in picture.cards.values():
        told.update(card.errors, *(row.errors for row in card.rows.values()))
    for found in findings:
        if found.severity is Severity.ERROR and found.message not in told:
            place, span = found.place, found.place.span if found.place else None
            where = f"{place.file}:{span.line}: " if place and span else f"{place.file}: " if place else ""
            yield where + found.message


def counted(picture: Picture) -> str:
    """What is in a picture, in numbers."""
    cards = [card for card in picture.cards.values() if not card.missing]
    gateways = sum(card.kind == "Gateway" for card in cards)
    routes, backends = (sum(card.role is role for card in cards) for role in (Role.ROUTE, Role.BACKEND))
    numbers = ((gateways, "Gateway"), (routes, "route"), (backends, "backend"))
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers)
