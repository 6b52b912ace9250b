"""What the parts of a picture are drawn onto, and the cards of objects that are referred to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from egc.diagnostics import Located
from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Graph
from egc.kube.resource import Resource
from egc.kube.resources import CLUSTER_SCOPED, Key, key_of
from egc.pictures.model import Arrow, Card, End, Picture, Role, Row
from egc.pictures.problems import Problems
from egc.plan.model import Plan

GROUP = "gateway.networking.k8s.io"


@dataclass(slots=True)
class Sketch:
    """A picture being drawn. ``ends`` are the cards and rows of the graph's nodes, by the node's id."""

    graph: Graph
    policies: Policies
    plan: Plan
    problems: Problems
    picture: Picture = field(default_factory=Picture)
    ends: dict[int, End] = field(default_factory=dict)

    def card(self, resource: Resource, role: Role) -> Card:
        """The card of an object of the input, made when it is first asked for."""
        key = key_of(resource)
        card = self.picture.cards.get(_id(key))
        return card or self._new(key, role)

    def referred(self, key: Key, role: Role) -> Card:
        """The card of an object that something refers to; there may be no such object, or it could not be read."""
        if key.kind in CLUSTER_SCOPED:
            key = key._replace(namespace="")
        card = self.picture.cards.get(_id(key))
        if card is None:
            card = self._new(key, role)
            resource = self.graph.resources.get(*key)
            if key in self.graph.resources.broken:
                reasons = dict.fromkeys(self.problems.unreadable(self.graph.resources.broken[key]))
                card.errors |= reasons or {"it cannot be read": None}
            elif resource is None:
                card.missing = True
            else:
                self.problems.tell(resource, card, ())
        return card

    def missing(self, owner: Card, what: str, name: str) -> End:
        """The card of a part that an object does not have."""
        id = f"{owner.id}/{what}/{name}"
        return self.picture.add(Card(id, owner.role, what, f"{owner.name}/{name}", owner.namespace, missing=True))

    def row(self, card: Card, key: str, row: Row, node: object = None) -> End:
        """Add a row to a card; *node* is what it stands for in the graph."""
        card.rows[key] = row
        end = End(card.id, key)
        if node is not None:
            self.ends[id(node)] = end
        return end

    def tell(self, resource: Resource, card: Card, parts: Iterable[tuple[Located, Row]] = ()) -> None:
        """Put what was found in an object onto its card."""
        self.problems.tell(resource, card, parts)

    def connect(self, tail: End, head: End, label: str = "", *, broken: bool = False, governs: bool = False) -> None:
        """Add an arrow."""
        self.picture.arrows[Arrow(tail, head, label, broken, governs)] = None

    def _new(self, key: Key, role: Role) -> Card:
        card = Card(_id(key), role, key.kind, key.name, key.namespace)
        self.picture.cards[card.id] = card
        return card


def _id(key: Key) -> str:
    return "/".join(key)
