"""The forms that a picture can have, by the suffixes of files."""

from __future__ import annotations

from egc.pictures import dot, mermaid, page, svg
from egc.pictures.fold import folded
from egc.pictures.layout import layout
from egc.pictures.model import Picture

FORMS = ("svg", "html", "mmd", "dot")
SUFFIXES = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mmd",
    ".mermaid": "mmd",
    ".dot": "dot",
    ".gv": "dot",
}
LAID_OUT = frozenset({"svg", "html"})
"""The forms in which Graphviz has placed everything; the others leave that to their readers."""


def document(picture: Picture, form: str, title: str, *, unfold: bool = False) -> str:
    """The picture in one of the forms. Many objects of a kind are one, unless it is to ``unfold``."""
    shown = picture if unfold else folded(picture)
    if form == "svg":
        return svg.document(layout(shown), title)
    if form == "html":
        return page.document(picture, shown, title)
    return mermaid.document(shown) if form == "mmd" else dot.document(shown)
