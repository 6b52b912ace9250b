"""A picture for Mermaid, which forges and editors draw in Markdown: https://mermaid.js.org/syntax/flowchart.html"""

from __future__ import annotations

from collections.abc import Iterator

from egc.diagnostics.printable import printable
from egc.pictures.colours import BROKEN, COLOURS, GOVERNS
from egc.pictures.model import Arrow, Card, Picture, Row

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:/=-")


def document(picture: Picture) -> str:
    """The whole as a flow chart, with a node for each card and a subgraph for each namespace."""
    number = {id: f"n{i}" for i, id in enumerate(picture.cards)}
    lines = ["flowchart LR"]
    for i, namespace in enumerate(picture.namespaces()):
        lines.append(f'  subgraph s{i} ["namespace {_safe(namespace)}"]')
        lines += [f"    {_node(card, number[id])}" for id, card in picture.cards.items() if card.namespace == namespace]
        lines.append("  end")
    inside = set(picture.namespaces())
    lines += [f"  {_node(card, number[id])}" for id, card in picture.cards.items() if card.namespace not in inside]
    arrows = dict.fromkeys(_arrow(arrow, number) for arrow in picture.arrows)
    lines += [f"  {text}" for text, _ in arrows]
    # Colours of text too: a forge may show the picture in the dark.
    lines += [f"  classDef {role.value} fill:#fff,stroke:{colour},color:#1e293b" for role, colour in COLOURS.items()]
    lines.append(f"  classDef broken fill:#fef2f2,stroke:{BROKEN},stroke-width:2px,color:#991b1b")
    if picture.namespaces():
        lines.append("  classDef ground fill:#f8fafc,stroke:#cbd5e1,color:#64748b")
        lines.append(f"  class {','.join(f's{i}' for i, _ in enumerate(picture.namespaces()))} ground")
    for colour, of in ((BROKEN, "broken"), (GOVERNS, "governs")):
        numbers = [str(i) for i, (_, style) in enumerate(arrows) if style == of]
        lines += [f"  linkStyle {','.join(numbers)} stroke:{colour}"] if numbers else []
    return "\n".join([*lines, ""])


def _node(card: Card, name: str) -> str:
    style = "broken" if card.broken else card.role.value
    return f'{name}["{"<br>".join(_lines(card))}"]:::{style}'


def _lines(card: Card) -> Iterator[str]:
    yield f"<i>{_safe(card.kind)}</i>"
    yield f"<b>{_safe(card.name)}</b>"
    yield from (_safe(text) for text in card.shortly())
    if card.missing:
        yield "missing"
    yield from _problems(card)
    for row in card.rows.values():
        yield _safe(" ".join(text for text in (row.text, row.detail) if text))
        yield from _problems(row)


def _problems(target: Card | Row) -> Iterator[str]:
    yield from (f"✗ {_safe(message)}" for message in target.errors)
    yield from (f"! {_safe(message)}" for message in target.warnings)


def _arrow(arrow: Arrow, number: dict[str, str]) -> tuple[str, str]:
    """The arrow, and how it is drawn. Mermaid knows no rows: it leads from card to card."""
    line = "-.->" if arrow.governs else "-->"
    label = f'|"{_safe(arrow.label)}"|' if arrow.label else ""
    style = "broken" if arrow.broken else "governs" if arrow.governs else ""
    return f"{number[arrow.tail.card]} {line}{label} {number[arrow.head.card]}", style


def _safe(text: str) -> str:
    """Text in which nothing means anything to Mermaid, Markdown or HTML."""
    return "".join(ch if ch in _PLAIN else f"#{ord(ch)};" for ch in printable(text))
