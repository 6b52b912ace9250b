"""What a picture shows: cards, the rows on them, and arrows from left to right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

DETAILS = 4
"""How many lines of details a card shows."""


class Role(Enum):
    """What a card is in a site; the value names its colour."""

    CLASS = "gatewayclass"
    GATEWAY = "gateway"
    CERTIFICATE = "certificate"
    POLICY = "policy"
    ROUTE = "route"
    BACKEND = "backend"


class End(NamedTuple):
    """Where an arrow begins or ends: a card, or one of its rows."""

    card: str
    row: str = ""


@dataclass(slots=True)
class Row:
    """A line of a card that arrows can lead to: a listener, a rule, a port."""

    text: str
    detail: str = ""
    errors: dict[str, None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Card:
    """An object, or several that are drawn as one (``members``). A ``missing`` one is only referred to.

    Errors and warnings are those of the object as a whole; a row has its own.
    """

    id: str
    role: Role
    kind: str
    name: str
    namespace: str = ""
    details: list[str] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    errors: dict[str, None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    missing: bool = False
    where: str = ""
    members: tuple[Card, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether anything of it is wrong."""
        return self.missing or bool(self.errors) or any(row.errors for row in self.rows.values())

    @property
    def doubtful(self) -> bool:
        """Whether there is a warning about anything of it."""
        return bool(self.warnings) or any(row.warnings for row in self.rows.values())

    @property
    def title(self) -> str:
        """Its kind and its full name."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def shortly(self) -> list[str]:
        """Its details, or the first of them."""
        if len(self.details) <= DETAILS:
            return self.details
        return [*self.details[: DETAILS - 1], f"and {len(self.details) - DETAILS + 1} more"]


class Arrow(NamedTuple):
    """From what is asked first to what is asked next, or (``governs``) from a setting to what it is for."""

    tail: End
    head: End
    label: str = ""
    broken: bool = False
    governs: bool = False


@dataclass(slots=True)
class Picture:
    """Everything that is drawn. ``elsewhere`` are errors that are of no card, each after its place."""

    cards: dict[str, Card] = field(default_factory=dict)
    arrows: dict[Arrow, None] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()

    def add(self, card: Card) -> End:
        """Add a card unless it is there; the end for its arrows."""
        self.cards.setdefault(card.id, card)
        return End(card.id)

    def connect(self, tail: End, head: End, label: str = "", *, broken: bool = False, governs: bool = False) -> None:
        """Add an arrow; the same one twice is one."""
        self.arrows[Arrow(tail, head, label, broken, governs)] = None

    def ordered(self) -> Picture:
        """The same, in an order that does not depend on the order of the input."""
        cards = sorted(self.cards.values(), key=_order)
        number = {card.id: i for i, card in enumerate(cards)}
        arrows = sorted(self.arrows, key=lambda arrow: _arrow_order(arrow, self, number))
        return Picture({card.id: card for card in cards}, dict.fromkeys(arrows))

    def namespaces(self) -> list[str]:
        """The namespaces that are drawn as such; a single one need not be."""
        found = sorted({card.namespace for card in self.cards.values()} - {""})
        return found if len(found) > 1 else []

    def part(self, ids: Iterable[str]) -> Picture:
        """Only the cards of these ids, and the arrows between them."""
        wanted = set(ids)
        cards = {id: card for id, card in self.cards.items() if id in wanted}
        arrows = [arrow for arrow in self.arrows if arrow.tail.card in wanted and arrow.head.card in wanted]
        return Picture(cards, dict.fromkeys(arrows))


def _order(card: Card) -> tuple[int, str, str, list[tuple[str, int]], str]:
    return list(Role).index(card.role), card.namespace, card.kind, _naturally(card.name), card.id


def _naturally(name: str) -> list[tuple[str, int]]:
    """Numbers in a name count as such: app-9 comes before app-10."""
    return [(rest, int(part or 0)) for rest, part in re.findall(r"([^0-9]*)([0-9]{0,18})", name)]


def _arrow_order(arrow: Arrow, picture: Picture, number: dict[str, int]) -> tuple[int, int, int, int, str, bool, bool]:
    def row(end: End) -> int:
        return list(picture.cards[end.card].rows).index(end.row) if end.row else -1

    tail, head = arrow.tail, arrow.head
    return number[tail.card], row(tail), number[head.card], row(head), arrow.label, arrow.broken, arrow.governs
