"""A picture as a page that can be moved, searched and unfolded; it needs no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from egc.artifacts.templates import render
from egc.diagnostics.printable import printable
from egc.pictures.fold import around
from egc.pictures.layout import layout
from egc.pictures.model import Card, Picture, Role, Row
from egc.pictures.svg import STYLE, drawing

OVERVIEW = "overview"


def document(picture: Picture, overview: Picture, title: str) -> str:
    """The page: the overview, and of the whole picture a part for each card in it that stands for many.

    Where all that a card stands for is drawn with something else already, such as backends with their routes, it needs
    no part of its own.
    """
    views = {OVERVIEW: drawing(layout(overview), title)}
    drawn = dict.fromkeys(overview.cards, OVERVIEW)
    unfolds: dict[str, str] = {}
    stacks = [card for card in overview.cards.values() if card.members]
    for stack in sorted(stacks, key=lambda card: card.role is not Role.ROUTE):
        if not all(card.id in drawn for card in stack.members):
            part = around(picture, stack.members)
            views[stack.id] = drawing(layout(part), stack.title)
            drawn |= {id: stack.id for id in part.cards if id not in drawn}
        unfolds[stack.id] = stack.id if stack.id in views else drawn[stack.members[0].id]
    cards = list(overview.cards.values()) + [card for stack in stacks for card in stack.members]
    told = [_told(card, drawn[card.id], unfolds.get(card.id, "")) for card in cards]
    elsewhere = [printable(text) for text in picture.elsewhere]
    data = _script({"views": [printable(id) for id in views], "cards": told, "elsewhere": elsewhere})
    values = {"title": printable(title), "style": STYLE, "views": list(views.values()), "data": data}
    return render("pictures", values)["page.html"]


def _told(card: Card, view: str, unfolds: str) -> dict[str, Any]:
    """A card for the page's search and its panel: where it is drawn, and where what it stands for is."""
    rows = [[text for text in (row.text, row.detail) if text] for row in card.rows.values()]
    return {
        "id": printable(card.id),
        "view": printable(view),
        "unfolds": printable(unfolds),
        "role": card.role.value,
        "kind": printable(card.kind),
        "name": printable(card.name),
        "namespace": printable(card.namespace),
        "missing": card.missing,
        "where": printable(card.where),
        "details": [printable(text) for text in (card.details if not card.members else [])],
        "rows": [[printable(text) for text in texts] for texts in rows if texts],
        "errors": ["missing"] * card.missing + list(dict.fromkeys(_messages(card, "errors"))),
        "warnings": list(dict.fromkeys(_messages(card, "warnings"))),
        "members": [printable(member.id) for member in card.members],
    }


def _messages(card: Card, what: str) -> Iterator[str]:
    targets: list[Card | Row] = [card, *card.rows.values()]
    for target in targets:
        yield from map(printable, getattr(target, what))


def _script(data: object) -> str:
    """JSON that no text in it can end: https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements"""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e")
