"""A picture for Graphviz: https://graphviz.org/doc/info/lang.html"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from egc.diagnostics.printable import printable
from egc.pictures.colours import BROKEN, COLOURS, GOVERNS, QUIET
from egc.pictures.model import Arrow, Card, End, Picture, Row

_TABLE = '<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" COLOR="{}"{}>'


def document(picture: Picture) -> str:
    """The whole as a directed graph, with a table for each card and a cluster for each namespace."""
    number = {id: f"n{i}" for i, id in enumerate(picture.cards)}
    lines = ["digraph site {", '  graph [rankdir=LR ranksep=1 nodesep=0.25 fontname="Helvetica" fontsize=11]']
    lines += [
        '  node [shape=plain fontname="Helvetica" fontsize=11]',
        f'  edge [color="{QUIET}" fontname="Helvetica" fontsize=10]',
    ]
    for i, namespace in enumerate(picture.namespaces()):
        title = f"{_quoted(f'namespace {namespace}')} labeljust=l style=dashed color={_quoted(QUIET)}"
        lines.append(f"  subgraph cluster_{i} {{ label={title}")
        lines += [_node(card, number[id], "    ") for id, card in picture.cards.items() if card.namespace == namespace]
        lines.append("  }")
    inside = set(picture.namespaces())
    lines += [_node(card, number[id], "  ") for id, card in picture.cards.items() if card.namespace not in inside]
    lines += [_edge(arrow, picture, number) for arrow in picture.arrows]
    return "\n".join([*lines, "}", ""])


def _node(card: Card, name: str, indent: str) -> str:
    colour = BROKEN if card.broken else COLOURS[card.role]
    table = _TABLE.format(colour, ' BGCOLOR="#fef2f2"' if card.broken else "")
    rows = [f'<TR><TD PORT="p0" ALIGN="LEFT" BALIGN="LEFT">{"<BR/>".join(_head(card))}</TD></TR>']
    for i, row in enumerate(card.rows.values(), 1):
        rows.append(f'<TR><TD PORT="p{i}" ALIGN="LEFT" BALIGN="LEFT" BORDER="1" SIDES="T">{_row(row)}</TD></TR>')
    style = ' class="broken"' if card.broken else ""
    return f"{indent}{name} [label=<{table}{''.join(rows)}</TABLE>>{style}]"


def _head(card: Card) -> Iterator[str]:
    yield f'<FONT POINT-SIZE="9" COLOR="{COLOURS[card.role]}">{_safe(card.kind)}</FONT>'
    yield f"<B>{_safe(card.name)}</B>"
    yield from (_safe(text) for text in card.shortly())
    if card.missing:
        yield _red("missing")
    yield from _problems(card)


def _row(row: Row) -> str:
    texts = [_safe(text) for text in (row.text, row.detail) if text]
    return "<BR/>".join([*texts, *_problems(row)]) or " "


def _problems(target: Card | Row) -> Iterator[str]:
    yield from (_red(message) for message in target.errors)
    yield from (f'<FONT COLOR="#a16207">{_safe(message)}</FONT>' for message in target.warnings)


def _red(message: str) -> str:
    return f'<FONT COLOR="{BROKEN}">{_safe(message)}</FONT>'


def _edge(arrow: Arrow, picture: Picture, number: dict[str, str]) -> str:
    settings = []
    if arrow.label:
        settings.append(f"label={_quoted(arrow.label)}")
    if arrow.governs:
        settings.append(f"style=dashed color={_quoted(GOVERNS)}")
    if arrow.broken:
        settings.append(f"color={_quoted(BROKEN)} penwidth=1.5")
    tail, head = (_port(end, picture, number) for end in (arrow.tail, arrow.head))
    return f"  {tail}:e -> {head}:w" + (f" [{' '.join(settings)}]" if settings else "")


def _port(end: End, picture: Picture, number: dict[str, str]) -> str:
    place = 1 + list(picture.cards[end.card].rows).index(end.row) if end.row else 0
    return f"{number[end.card]}:p{place}"


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _safe(text: str) -> str:
    return escape(printable(text))
