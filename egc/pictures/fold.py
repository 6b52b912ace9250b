"""Many cards as one: what a large site must do without to be seen as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable
from dataclasses import replace

from egc.pictures.model import Arrow, Card, End, Picture, Role, Row

ENOUGH = 60
"""A picture with more cards than these is folded."""
LISTED = 8
"""How many of its rows a card shows."""
_MANY = 5

_Together = Callable[[set[End]], Hashable]


def folded(picture: Picture) -> Picture:
    """The picture with as little folded as it takes to be readable."""
    if len(picture.cards) <= ENOUGH:
        return picture
    short = shortened(picture)
    found = short
    for together, least in ((_by_row, _MANY), (_by_row, 2), (_by_card, 2), (_by_namespace, 2)):
        found = _fold(short, together, least)
        if len(found.cards) <= ENOUGH:
            return found
    return replace(found, cards={id: _terse(card) for id, card in found.cards.items()})


def _terse(card: Card) -> Card:
    """A card that stands for many without the names of those that are well."""
    return replace(card, details=[]) if card.members else card


def shortened(picture: Picture, used: Container[End] = ()) -> Picture:
    """The picture with no card of more rows than can be taken in; arrows of the others share a row."""
    hidden: dict[End, End] = {}
    cards = dict(picture.cards)
    for card in picture.cards.values():
        keys = _shown(card, used)
        if len(keys) < len(card.rows):
            rest = {key: row for key, row in card.rows.items() if key not in keys}
            more = Row(f"and {len(rest)} more", ", ".join(row.text for row in rest.values()))
            hidden |= {End(card.id, key): End(card.id, "…") for key in rest}
            shown = {key: row for key, row in card.rows.items() if key in keys}
            cards[card.id] = replace(card, rows={**shown, "…": more})
    return _redirected(cards, picture.arrows, lambda end: hidden.get(end, end))


def _shown(card: Card, used: Container[End]) -> set[str]:
    """The rows that are shown: those that are *used*, then those at fault, then the first."""
    if len(card.rows) <= LISTED + 2:
        return set(card.rows)
    most = max(LISTED, sum(End(card.id, key) in used for key in card.rows))
    return set(sorted(card.rows, key=lambda key: (End(card.id, key) not in used, not card.rows[key].errors))[:most])


def around(picture: Picture, members: Iterable[Card]) -> Picture:
    """Some cards with all that leads to them and all that they lead to."""
    before, after = defaultdict(list), defaultdict(list)
    for arrow in picture.arrows:
        before[arrow.head.card].append(arrow)
        after[arrow.tail.card].append(arrow)
    middle = dict.fromkeys(card.id for card in members)
    used: dict[End, None] = {}
    found = dict(middle)
    left = list(middle)
    while left:  # towards the backends, but not on from what a certificate or a policy is for
        id = left.pop()
        for arrow in after[id]:
            if arrow.head.card not in found:
                found[arrow.head.card] = None
                left += [arrow.head.card] * (picture.cards[id].role in (Role.ROUTE, Role.GATEWAY))
    ends = [End(id) for id in middle]
    while ends:  # towards the GatewayClass, and only by the listeners in question
        end = ends.pop()
        for arrow in before[end.card]:
            if arrow.tail not in used and (arrow.head.row in ("", end.row) or end.card in middle):
                used[arrow.tail] = found[arrow.tail.card] = None
                ends.append(arrow.tail)
    return shortened(picture.part(found), used)


def _fold(picture: Picture, together: _Together, least: int) -> Picture:
    """Fold what stands for the same: routes first, then what they lead to and what leads to them."""
    for role in (Role.ROUTE, Role.BACKEND, Role.POLICY, Role.CERTIFICATE, Role.GATEWAY):
        picture = _fold_role(picture, role, together, least)
    return picture


def _fold_role(picture: Picture, role: Role, together: _Together, least: int) -> Picture:
    groups: dict[Hashable, list[Card]] = defaultdict(list)
    neighbours = _Neighbours(picture)
    for card in picture.cards.values():
        if card.role is role and (role is not Role.GATEWAY or card.kind == "ListenerSet"):
            groups[card.kind, card.namespace, card.missing, neighbours.of(card, together)].append(card)
    into: dict[str, Card] = {}
    for number, members in enumerate(groups.values()):
        if len(members) >= least:
            into |= dict.fromkeys((card.id for card in members), _stack(members, number))
    cards = {card.id: card for card in (into.get(card.id, card) for card in picture.cards.values())}
    return _redirected(cards, picture.arrows, lambda end: End(into[end.card].id) if end.card in into else end)


class _Neighbours:
    """Which cards belong together because they have the same ones before or after them."""

    def __init__(self, picture: Picture) -> None:
        self._before: dict[str, set[End]] = defaultdict(set)
        self._after: dict[str, set[End]] = defaultdict(set)
        for arrow in picture.arrows:
            self._after[arrow.tail.card].add(arrow.head)
            if not arrow.governs:
                self._before[arrow.head.card].add(arrow.tail)

    def of(self, card: Card, together: _Together) -> Hashable:
        """A value that cards which belong together share."""
        ends = self._before if card.role in (Role.ROUTE, Role.BACKEND, Role.GATEWAY) else self._after
        return together(ends[card.id])


def _by_row(ends: set[End]) -> Hashable:
    """The same listeners, or the same rules."""
    return frozenset(ends)


def _by_card(ends: set[End]) -> Hashable:
    """The same Gateways, or the same routes."""
    return frozenset(end.card for end in ends)


def _by_namespace(_: set[End]) -> Hashable:
    """Everything of a kind in a namespace."""
    return None


def _stack(members: list[Card], number: int) -> Card:
    """One card for many: it names the first of those that are well, and by what is wrong with them all others."""
    first = members[0]
    name = f"{len(members)} in {first.namespace}" if first.namespace else str(len(members))
    id = f"{first.kind}/{first.namespace}/{number}/{first.role.value}s"
    details = [_gist(card) for card in members if not card.broken]
    return Card(
        id, first.role, _plural(first.kind), name, first.namespace, details, _faults(members), members=tuple(members)
    )


def _faults(members: list[Card]) -> dict[str, Row]:
    """A row for each thing that is wrong with some of the members."""
    by_fault: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for card in members:
        if card.broken:
            messages = ["missing"] if card.missing else []
            messages += [*card.errors, *(message for row in card.rows.values() for message in row.errors)]
            by_fault[tuple(dict.fromkeys(messages))].append(card.name)
    most = LISTED if len(by_fault) > LISTED + 1 else len(by_fault)
    rows = {
        f"fault {number}": Row(", ".join(named), errors=dict.fromkeys(messages))
        for number, (messages, named) in enumerate(list(by_fault.items())[:most])
    }
    if rest := [name for named in list(by_fault.values())[most:] for name in named]:
        rows["…"] = Row(", ".join(rest), errors={"broken": None})
    return rows


def _gist(card: Card) -> str:
    """A folded card in a few words: its name, and its first hostname or endpoint."""
    words = card.details or [row.detail for row in card.rows.values() if row.detail]
    return f"{card.name} · {words[0]}" if words else card.name


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _redirected(cards: dict[str, Card], arrows: Iterable[Arrow], at: Callable[[End], End]) -> Picture:
    """The arrows between cards that stand for others; of those that become one, a broken one counts.

    Several arrows between a folded card and the rows of another become one between the cards.
    """
    moved = [arrow._replace(tail=at(arrow.tail), head=at(arrow.head)) for arrow in arrows]
    pairs: dict[tuple[str, str], set[tuple[End, End]]] = defaultdict(set)
    for arrow in moved:
        pairs[arrow.tail.card, arrow.head.card].add((arrow.tail, arrow.head))
    found: dict[Arrow, None] = {}
    for old, new in zip(arrows, moved, strict=True):
        stacked = bool(cards[new.tail.card].members or cards[new.head.card].members)
        if stacked and len(pairs[new.tail.card, new.head.card]) > 1:
            merged = new._replace(tail=End(new.tail.card), head=End(new.head.card), label="")
            found[merged] = None
        else:
            found[new if new == old else new._replace(label="")] = None
    broken = {arrow for arrow in found if arrow.broken}
    return Picture(cards, {arrow: None for arrow in found if arrow.broken or arrow._replace(broken=True) not in broken})
