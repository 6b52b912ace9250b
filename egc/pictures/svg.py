"""A picture as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from egc.diagnostics.printable import printable
from egc.pictures.colours import COLOURS
from egc.pictures.faces import Face, Section
from egc.pictures.layout import LABEL_SIZE, NAMESPACE_SIZE, Box, Layout, Line, Point
from egc.pictures.metrics import width
from egc.pictures.model import End

MARGIN = 16
STYLE = """\
text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif; fill: #1e293b; white-space: pre }
.k { font-size: 10px }
.n { font-size: 13px; font-weight: bold }
.d { font-size: 11px; fill: #64748b }
.r { font-size: 12px }
.l { font-size: 11px; fill: #475569; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 4px }
.s { font-size: 12px; fill: #64748b }
.namespace rect { fill: #f8fafc; stroke: #cbd5e1; stroke-dasharray: 4 3 }
.face, .back { fill: #fff; stroke: #cbd5e1 }
.back { fill: #f1f5f9 }
.rule { stroke: #e2e8f0 }
.at-fault { fill: #fee2e2 }
.doubtful .face { stroke: #ca8a04 }
.broken .face { fill: #fef2f2; stroke: #dc2626; stroke-width: 1.5px }
.missing .face { stroke-dasharray: 5 3 }
.missing .n { fill: #b91c1c }
.e { font-size: 11px; fill: #b91c1c }
.w { font-size: 11px; fill: #a16207 }
.arrow path { fill: none; stroke: #94a3b8; stroke-width: 1.2px }
.arrow polygon { fill: #94a3b8 }
.governs path { stroke: #a78bfa; stroke-dasharray: 5 3 }
.governs polygon { fill: #a78bfa }
.arrow.broken path { stroke: #dc2626; stroke-width: 1.6px }
.arrow.broken polygon { fill: #dc2626 }
""" + "".join(f".{role.value} .k, .{role.value} .bar {{ fill: {colour} }}\n" for role, colour in COLOURS.items())


def document(layout: Layout, title: str) -> str:
    """A file of its own."""
    style = f"<style>\n{STYLE}</style>"
    ground = f'<rect x="{-MARGIN}" y="{-MARGIN}" width="100%" height="100%" fill="#fff"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing(layout, title, style + ground)}\n'


def drawing(layout: Layout, title: str, within: str = "") -> str:
    """The ``svg`` element, which a page may contain."""
    wide, high = (math.ceil(length + 2 * MARGIN) for length in (layout.width, layout.height))
    box = f'width="{wide}" height="{high}" viewBox="{-MARGIN} {-MARGIN} {wide} {high}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<title>{_safe(title)}</title>{within}",
    ]
    lines += [_namespace(name, box) for name, box in layout.namespaces]
    lines += [_arrow(line) for line in layout.lines]
    lines += [_card(face, box) for face, box in layout.cards]
    return "\n".join([*lines, "</svg>"])


def _namespace(name: str, box: Box) -> str:
    text = f"namespace {name}"
    return (
        f'<g class="namespace">{_rect(box.x, box.y + 2, box.width, box.height - 4, "", 8)}'
        f"{_text(text, 's', NAMESPACE_SIZE, box.x + 10, box.y + 18)}</g>"
    )


def _card(face: Face, box: Box) -> str:
    card = face.card
    classes = ["card", card.role.value]
    classes += [name for name in ("broken", "missing", "doubtful") if getattr(card, name)]
    classes += ["stack"] if card.members else []
    parts = [f'<g class="{" ".join(classes)}" data-card="{_safe(card.id)}"><title>{_safe(_tip(face))}</title>']
    if card.members:
        parts += [_rect(box.x + lift, box.y + lift, box.width, box.height, "back", 6) for lift in (6, 3)]
    parts.append(_rect(box.x, box.y, box.width, box.height, "face", 6))
    for section in face.sections:
        parts += _section(section, box)
    parts.append(_rect(box.x, box.y + 3, 4, box.height - 6, "bar", 2))
    return "".join([*parts, "</g>"])


def _section(section: Section, box: Box) -> Iterator[str]:
    top = box.y + section.top
    if section.broken:
        yield _rect(box.x + 5, top + 1, box.width - 6, section.height - 2, "at-fault", 2)
    if section.top:
        left, right, y = _n(box.x + 5), _n(box.x + box.width - 1), _n(top)
        yield f'<line class="rule" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
    for line in section.lines:
        style = line.style
        yield _text(line.text, style.name, style.size, box.x + 14, box.y + line.y, bold=style.bold)


def _tip(face: Face) -> str:
    """What is shown where the pointer rests: the name in full, and each text that had to be cut."""
    texts = dict.fromkeys(line.full for section in face.sections for line in section.lines if line.text.endswith("…"))
    return "\n".join([face.card.title, *texts, *([face.card.where] if face.card.where else [])])


def _arrow(line: Line) -> str:
    arrow = line.arrow
    classes = ["arrow", *(name for name in ("governs", "broken") if getattr(arrow, name))]
    first, *others = line.points
    curve = f"M{_xy(first)}C{' '.join(_xy(point) for point in others)}L{_xy(line.tip)}"
    label = ""
    if line.label is not None:
        x, y = line.label
        label = _text(arrow.label, "l", LABEL_SIZE, x, y + 4)
    path = f'<path d="{curve}"/><polygon points="{_tip_of(others[-1], line.tip)}"/>'
    return f'<g class="{" ".join(classes)}"{_end("tail", arrow.tail)}{_end("head", arrow.head)}>{path}{label}</g>'


def _end(name: str, end: End) -> str:
    row = f' data-{name}-row="{_safe(end.row)}"' if end.row else ""
    return f' data-{name}="{_safe(end.card)}"{row}'


def _tip_of(begin: Point, tip: Point) -> str:
    """The triangle at the end of an arrow."""
    angle = math.atan2(tip[1] - begin[1], tip[0] - begin[0])
    corners = [(tip[0] - 7 * math.cos(angle + turn), tip[1] - 7 * math.sin(angle + turn)) for turn in (0.45, -0.45)]
    return " ".join(_xy(point) for point in (tip, *corners))


def _rect(x: float, y: float, wide: float, high: float, name: str, round: int) -> str:
    named = f' class="{name}"' if name else ""
    return f'<rect{named} x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(high)}" rx="{round}"/>'


def _text(text: str, style: str, size: float, x: float, y: float, *, bold: bool = False) -> str:
    """Text that is as wide as was reckoned, whatever font there is."""
    length = width(text, size, bold=bold)
    return (
        f'<text class="{style}" x="{_n(x)}" y="{_n(y)}" textLength="{_n(length)}" lengthAdjust="spacingAndGlyphs">'
        f"{_safe(text)}</text>"
    )


def _safe(text: str) -> str:
    return escape("\n".join(printable(line) for line in text.split("\n")))


def _xy(point: Point) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
