"""What a card looks like: its size, its lines of text, and where its rows are. Where it stands is Graphviz's matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from egc.pictures.metrics import fitted, width, wrapped
from egc.pictures.model import Card, Row

NARROWEST, LONGEST_ROOM = 150, 300
_LEFT, _RIGHT = 14, 10
_LINES = 4
"""How many problems are shown, and how many lines of each."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style of text: its class in the style sheet, its size, and the height of a line."""

    name: str
    size: float
    height: float
    bold: bool = False


KIND = Style("k", 10, 17)
NAME = Style("n", 13, 18, bold=True)
DETAIL = Style("d", 11, 14)
ROW = Style("r", 12, 17)
ERROR = Style("e", 11, 14)
WARNING = Style("w", 11, 14)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; ``y`` is its baseline, from the top of the card."""

    text: str
    style: Style
    y: float
    full: str = ""


@dataclass(slots=True)
class Section:
    """The head of a card, or one of its rows."""

    key: str
    top: float
    height: float = 0
    lines: list[Line] = field(default_factory=list)
    broken: bool = False


@dataclass(slots=True)
class Face:
    """A card as it is drawn."""

    card: Card
    width: int
    height: int
    sections: list[Section]


def face(card: Card) -> Face:
    """The face of a card: as wide as its text needs, within reason."""
    room = _room(card)
    head = Section("", 0, 4)
    _add(head, fitted(card.kind, KIND.size, room), KIND, card.kind)
    _add(head, fitted(card.name, NAME.size, room, bold=True), NAME, card.name)
    if card.missing:
        _add(head, "missing", ERROR)
    for text in card.shortly():
        _add(head, fitted(text, DETAIL.size, room), DETAIL, text)
    _problems(head, card, room)
    head.height = round(head.height + 5)
    sections, top = [head], round(head.height)
    for key, row in card.rows.items():
        section = _row(key, row, top, room)
        sections.append(section)
        top += round(section.height)
    return Face(card, round(room) + _LEFT + _RIGHT, round(top), sections)


def _row(key: str, row: Row, top: float, room: float) -> Section:
    section = Section(key, top, 3, broken=bool(row.errors))
    if row.text:
        _add(section, fitted(row.text, ROW.size, room), ROW, row.text)
    if row.detail:
        _add(section, fitted(row.detail, DETAIL.size, room), DETAIL, row.detail)
    _problems(section, row, room)
    section.height = round(section.height + 4)
    return section


def _problems(section: Section, target: Card | Row, room: float) -> None:
    for style, messages in ((ERROR, target.errors), (WARNING, target.warnings)):
        for message in list(messages)[:_LINES]:
            for line in wrapped(message, style.size, room, _LINES):
                _add(section, line, style, message)
        if len(messages) > _LINES:
            _add(section, f"and {len(messages) - _LINES} more", style, "\n".join(messages))


def _add(section: Section, text: str, style: Style, full: str = "") -> None:
    section.height += style.height
    section.lines.append(Line(text, style, section.top + section.height - 0.28 * style.height, full))


def _room(card: Card) -> float:
    """The room for text: what the longest line needs; problems may be wrapped."""
    lines = [width(card.kind, KIND.size), width(card.name, NAME.size, bold=True)]
    lines += [width(text, DETAIL.size) for text in card.details]
    for row in card.rows.values():
        lines += [width(row.text, ROW.size), width(row.detail, DETAIL.size)]
    lines += [0.5 * width(message, ERROR.size) for message in _messages(card)]
    return min(max(*lines, NARROWEST), LONGEST_ROOM)


def _messages(card: Card) -> Iterator[str]:
    targets: list[Card | Row] = [card, *card.rows.values()]
    for target in targets:
        yield from target.errors
        yield from target.warnings
