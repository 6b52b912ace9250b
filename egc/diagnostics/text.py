"""Diagnostics for people: the headline, the lines it is about, and what to do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import click

from egc.diagnostics.excerpt import Lines, Strip, first_line
from egc.diagnostics.place import Place
from egc.diagnostics.printable import printable
from egc.diagnostics.rule import Severity
from egc.diagnostics.sink import Diagnostic

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}
_SECONDARY = "blue"
_MARGIN = "cyan"
_NEAR = 5  # lines: closer marks share an excerpt
_NARROWEST = 20  # columns of file text: below that an excerpt says nothing


def render(diagnostics: Sequence[Diagnostic], *, color: bool, width: int = 100) -> str:
    """All *diagnostics* in the given order, with excerpts at most *width* columns wide. Safe to print as it is."""
    lines, paint = Lines(), Paint(color)
    return "\n\n".join("\n".join(_Report(d, lines, paint, width).lines()) for d in diagnostics)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many of each severity, as in "2 errors, 1 warning"; empty when there are none."""
    counts = Counter(d.severity for d in diagnostics)
    return ", ".join(f"{counts[s]} {s.value}{'s' * (counts[s] != 1)}" for s in Severity if counts[s])


@dataclass(frozen=True)
class Paint:
    """Colours text for a terminal, or leaves it alone."""

    color: bool

    def __call__(self, text: str, color: str | None = None, *, bold: bool = False) -> str:
        """*text* in *color*."""
        return click.style(text, fg=color, bold=bold or None) if self.color and text else text

    def headline(self, severity: Severity, code: str, message: str) -> str:
        """``error[EGC1005]: message``; further lines of the message are indented."""
        first, *rest = (printable(line) for line in message.split("\n"))
        kind = self(f"{severity.value}[{code}]", _COLORS[severity], bold=True)
        return "\n".join([kind + self(f": {first}", bold=True), *(f"  {line}" for line in rest)])


@dataclass(frozen=True)
class _Mark:
    """One place to be underlined, and what is said about it."""

    place: Place
    text: str
    sign: str
    color: str

    @property
    def line(self) -> int:
        return self.place.span.line if self.place.span else 0


@dataclass
class _Report:
    """The text of one diagnostic."""

    diagnostic: Diagnostic
    source: Lines
    paint: Paint
    width: int
    excerpts: list[list[_Mark]] = field(init=False)
    gutter: int = field(init=False)

    def __post_init__(self) -> None:
        self.excerpts = self._excerpts()
        self.gutter = max((len(str(mark.line)) for marks in self.excerpts for mark in marks), default=1)

    def lines(self) -> Iterator[str]:
        """The report, line by line."""
        diagnostic = self.diagnostic
        yield self.paint.headline(diagnostic.severity, diagnostic.rule.code, diagnostic.message)
        drawn = False
        for index, marks in enumerate(self.excerpts):
            if drawn:
                yield self._margin()
            drawn = self._has_line(marks)
            yield from self._excerpt(marks, "-->" if index == 0 else ":::")
        if diagnostic.help:
            if drawn:
                yield self._margin()
            first, *rest = (printable(line) for line in diagnostic.help.split("\n"))
            yield self._margin("=") + self.paint("help", bold=True) + f": {first}"
            yield from (" " * (self.gutter + 3) + f"      {line}".rstrip() for line in rest)

    def _excerpts(self) -> list[list[_Mark]]:
        """The marks, those near each other in one file together."""
        diagnostic = self.diagnostic
        marks = [_Mark(label.place, label.text, "-", _SECONDARY) for label in diagnostic.related]
        if diagnostic.place is not None:
            marks.insert(0, _Mark(diagnostic.place, "", "^", _COLORS[diagnostic.severity]))
        excerpts: list[list[_Mark]] = []
        for mark in marks:
            home = next((marks for marks in excerpts if self._belongs(mark, marks)), None)
            if home is None:
                excerpts.append([mark])
            else:
                home.append(mark)
        return excerpts

    def _belongs(self, mark: _Mark, marks: list[_Mark]) -> bool:
        """Whether *mark* is shown with *marks*."""
        same = (mark.place.file, mark.place.text) == (marks[0].place.file, marks[0].place.text)
        drawn = self._has_line([mark]) and self._has_line(marks)
        return same and drawn and any(abs(mark.line - other.line) <= _NEAR for other in marks)

    def _has_line(self, marks: list[_Mark]) -> bool:
        return self.source.at(marks[0].place) is not None

    def _excerpt(self, marks: list[_Mark], arrow: str) -> Iterator[str]:
        """One stretch of a file with its marks, below an arrow to its first mark."""
        first = marks[0]
        where = f"{' ' * self.gutter}{self.paint(arrow, _MARGIN)} {where_to(first.place)}"
        if not self._has_line(marks):
            yield where + (f": {printable(first.text)}" if first.text else "")
            return
        yield where
        yield self._margin()
        numbers = [mark.line for mark in marks]
        for number in range(min(numbers), max(numbers) + 1):
            yield from self._line(number, [mark for mark in marks if mark.line == number], first.place.text)

    def _line(self, number: int, marks: list[_Mark], text: str) -> Iterator[str]:
        """One line of a file, and a line below for each of its marks."""
        line = self.source.of(text)[number - 1]
        ranges = [first_line(mark.place.span, line) for mark in marks if mark.place.span]
        room = max(self.width - self.gutter - 3, _NARROWEST)
        strip = Strip(line, ranges[0][0] if ranges else 0, room)
        yield (self.paint(f"{number:{self.gutter}} |", _MARGIN) + f" {strip.text}").rstrip()
        for mark, (start, end) in zip(marks, ranges, strict=True):
            column, count = strip.range(start, end)
            said = f"{mark.sign * count} {printable(mark.text)}".rstrip()
            yield self._margin() + " " * (column + 1) + self.paint(said, mark.color, bold=True)

    def _margin(self, sign: str = "|") -> str:
        return " " * (self.gutter + 1) + self.paint(sign, _MARGIN) + (" " if sign == "=" else "")


def where_to(place: Place) -> str:
    """``file:line:column``, as editors and terminals link it."""
    file = printable(place.file)
    return f"{file}:{place.span.line}:{place.span.column}" if place.span else file
