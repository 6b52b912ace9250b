"""A YAML document: plain data, and the place of every node, found when somebody asks."""

from dataclasses import dataclass, field
from functools import cached_property

from egc.diagnostics import Place, Span
from egc.source.spans import Path, Spans, read_spans


@dataclass(eq=False)
class Document:
    """One document of one file.

    ``data`` is plain (dict, list, str, int, float, bool, None). ``text`` is the whole file's; ``start`` and ``line``
    are the character offset and the line (from 0) where this document begins, ``end`` is where the next one does.
    Spans are read a second time from the text only when a diagnostic needs one: most builds need none.
    """

    file: str
    data: object = field(repr=False)
    text: str = field(repr=False)
    start: int = 0
    line: int = 0
    end: int | None = None

    @cached_property
    def _spans(self) -> Spans:
        return read_spans(self.text[self.start : self.end], self.line)

    def span(self, path: Path, *, key: bool = False) -> Span:
        """The span of the node at *path* (or of its key), or of the nearest ancestor that exists."""
        spans = self._spans.keys if key else self._spans.values
        while path and path not in spans:
            path, spans = path[:-1], self._spans.values
        return spans[path]


@dataclass(frozen=True, slots=True)
class At:
    """A place in a document: ``at / "spec" / "rules" / 0``; ``at.key`` is the key instead of the value."""

    document: Document
    path: Path = ()
    on_key: bool = False

    def __truediv__(self, step: str | int) -> "At":
        return At(self.document, (*self.path, step))

    @property
    def key(self) -> "At":
        """The key of this node in its mapping."""
        return At(self.document, self.path, on_key=True)

    def place(self) -> Place:
        """File, text and span."""
        return Place(self.document.file, self.document.text, self.document.span(self.path, key=self.on_key))
