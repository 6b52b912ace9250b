"""Character offsets of a file as lines and columns."""

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from egc.diagnostics import Place, Span

# What ends a line in YAML 1.1, for the parser and for the excerpts in diagnostics: https://yaml.org/spec/1.1/#id871136
_LINE_BREAK = re.compile("[\n\x85\u2028\u2029]|\r\n?")


class Lines:
    """Where the lines of *text* begin, as far as anybody asked; its first has the number *line*, counted from 0."""

    def __init__(self, text: str, line: int = 0) -> None:
        self._breaks = _LINE_BREAK.finditer(text)
        self._starts = array("q", [0])  # a file may have millions
        self._first = line + 1

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from *start* to *end* (exclusive)."""
        return Span(*self._at(start), *self._at(end))

    def _at(self, offset: int) -> tuple[int, int]:
        while self._starts[-1] <= offset and (found := next(self._breaks, None)):
            self._starts.append(found.end())
        number = bisect_right(self._starts, offset) - 1
        return number + self._first, offset - self._starts[number] + 1


@dataclass(frozen=True)
class Source:
    """A file being read."""

    file: str
    text: str

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    def place(self, start: int, end: int) -> Place:
        """The characters from *start* to *end* (exclusive) as a place."""
        return Place(self.file, self.text, self._lines.span(start, end))

    def at(self, start: int, end: int) -> "Stretch":
        """The same, worked out only when somebody asks."""
        return Stretch(self, start, end)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some characters of a file."""

    source: Source
    start: int
    end: int

    def place(self) -> Place:
        """Their lines and columns."""
        return self.source.place(self.start, self.end)


def without_break(text: str, start: int, end: int) -> int:
    """*end*, moved before the line break that ends the characters from *start* on, if one does."""
    if text.endswith("\r\n", start, end):
        return end - 2
    return end - 1 if end > start and _LINE_BREAK.fullmatch(text, end - 1, end) else end
