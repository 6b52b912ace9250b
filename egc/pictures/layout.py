"""Graphviz places the cards and leads the arrows. It is told sizes only: no text, so no fonts of this machine."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from egc.pictures.faces import Face, face
from egc.pictures.metrics import width
from egc.pictures.model import Arrow, End, Picture, Role

NAMESPACE_SIZE, LABEL_SIZE = 12.0, 11.0
_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{}</TABLE>'
_CELL = '<TR><TD{} FIXEDSIZE="TRUE" WIDTH="{}" HEIGHT="{}"></TD></TR>'

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """An arrow: the points of its Bézier curves, its tip, and the middle of its label."""

    arrow: Arrow
    points: tuple[Point, ...]
    tip: Point
    label: Point | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in pixels from the upper left corner."""

    width: float
    height: float
    cards: list[tuple[Face, Box]]
    namespaces: list[tuple[str, Box]]
    lines: list[Line]


def available() -> bool:
    """Whether Graphviz is installed."""
    return find_spec("pygraphviz") is not None


def layout(picture: Picture) -> Layout:
    """Where everything is."""
    import pygraphviz  # noqa: PLC0415 - only pictures need it, and it is an extra

    faces = [face(card) for card in picture.cards.values()]
    with redirect_stderr(io.StringIO()):  # that a large site takes long; it does not
        placed = json.loads(pygraphviz.AGraph(string=_sizes(picture, faces)).draw(format="json0", prog="dot"))
    _, _, total, height = _numbers(placed["bb"])
    objects = {found["name"]: found for found in placed.get("objects", ())}
    cards = [(face, _card(objects[f"n{i}"], face, height)) for i, face in enumerate(faces)]
    namespaces = [
        (namespace, _box(objects[f"cluster_{i}"]["bb"], height)) for i, namespace in enumerate(picture.namespaces())
    ]
    edges = {int(found["id"]): found for found in placed.get("edges", ()) if "id" in found}
    lines = [_line(arrow, edges[i], height) for i, arrow in enumerate(picture.arrows)]
    return Layout(total, height, cards, namespaces, lines)


def _sizes(picture: Picture, faces: list[Face]) -> str:
    """The picture for Graphviz: tables of empty cells."""
    number = {face.card.id: i for i, face in enumerate(faces)}
    lines = ["digraph {", 'graph [rankdir=LR ranksep=0.9 nodesep=0.22 splines=true margin=0 label=""]']
    lines += ["node [shape=plain]", "edge [arrowsize=0.7]"]
    for i, namespace in enumerate(picture.namespaces()):
        inside = " ".join(f"n{number[face.card.id]}" for face in faces if face.card.namespace == namespace)
        cell = _TABLE.format(_CELL.format("", round(width(namespace, NAMESPACE_SIZE)) + 90, 16))
        lines.append(f"subgraph cluster_{i} {{ margin=14 labeljust=l label=<{cell}> {inside} }}")
    for i, shape in enumerate(faces):
        cells = (_CELL.format(f' PORT="p{k}"', shape.width, part.height) for k, part in enumerate(shape.sections))
        lines.append(f"n{i} [label=<{_TABLE.format(''.join(cells))}>]")
    lines += _aligned(picture, number)
    for i, arrow in enumerate(picture.arrows):
        tail, head = (_port(end, faces[number[end.card]], number) for end in (arrow.tail, arrow.head))
        label = ""
        if arrow.label:
            cell = _TABLE.format(_CELL.format("", round(width(arrow.label, LABEL_SIZE)) + 6, 14))
            label = f" label=<{cell}>"
        lines.append(f'{tail}:e -> {head}:w [id="{i}"{label}]')
    return "\n".join([*lines, "}"])


def _aligned(picture: Picture, number: dict[str, int]) -> Iterator[str]:
    """Invisible arrows: a Gateway or a listener that is missing stands where the Gateways do.

    What leads there must be of the same namespace: Graphviz ranks the cards of a cluster by themselves.
    """
    cards = picture.cards
    led = {arrow.head.card for arrow in picture.arrows if not arrow.governs}
    before = {cards[a.tail.card].namespace: a.tail.card for a in picture.arrows if cards[a.head.card].kind == "Gateway"}
    for card in cards.values():
        tail = before.get(card.namespace, before.get(""))
        if tail is not None and card.role is Role.GATEWAY and card.id not in led:
            yield f"n{number[tail]} -> n{number[card.id]} [style=invis]"


def _port(end: End, face: Face, number: dict[str, int]) -> str:
    keys = [section.key for section in face.sections]
    return f"n{number[end.card]}:p{keys.index(end.row)}"


def _card(placed: dict[str, Any], face: Face, height: float) -> Box:
    x, y = _numbers(placed["pos"])
    return Box(x - face.width / 2, height - y - face.height / 2, face.width, face.height)


def _box(text: str, height: float) -> Box:
    left, bottom, right, top = _numbers(text)
    return Box(left, height - top, right - left, top - bottom)


def _line(arrow: Arrow, placed: dict[str, Any], height: float) -> Line:
    points = [_point(text, height) for text in placed["pos"].split(" ") if text[0] not in "se"]
    tips = [_point(text[2:], height) for text in placed["pos"].split(" ") if text[0] == "e"]
    label = _point(placed["lp"], height) if "lp" in placed else None
    return Line(arrow, tuple(points), tips[0] if tips else points[-1], label)


def _point(text: str, height: float) -> Point:
    x, y = _numbers(text)
    return x, height - y


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
