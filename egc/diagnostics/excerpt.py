"""Lines of a file as a terminal shows them, and where a character of a line is found there."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from egc.diagnostics.confidential import masked
from egc.diagnostics.place import Place, Span
from egc.diagnostics.printable import cells, printable

# What ends a line in YAML 1.1, whose readers count the lines of our spans: https://yaml.org/spec/1.1/#id871136
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_ELLIPSIS = "…"


class Lines:
    """The lines of files, split once per text however many diagnostics point into it."""

    def __init__(self) -> None:
        self._split: dict[str, list[str]] = {}

    def of(self, text: str) -> list[str]:
        """All lines of *text*, without their ends and without what is confidential."""
        if text not in self._split:
            self._split[text] = masked(_LINE_BREAK.split(text))
        return self._split[text]

    def at(self, place: Place | None) -> str | None:
        """The line where *place* begins; None if it has no span, or its file no such line."""
        if place is None or place.span is None or not place.text:
            return None
        lines = self.of(place.text)
        return lines[place.span.line - 1] if 1 <= place.span.line <= len(lines) else None

    def marked(self, place: Place, limit: int) -> str:
        """What *place* covers of its first line, at most *limit* characters."""
        line = self.at(place)
        if line is None or place.span is None:
            return ""
        start, end = first_line(place.span, line)
        return line[start : min(end, start + limit)]


class Strip:
    """One line cropped to *room* terminal columns so that the character at index *focus* is seen."""

    def __init__(self, line: str, focus: int, room: int) -> None:
        # A file may be one line of megabytes: only its neighbourhood is looked at.
        low, high = max(0, focus - room), min(len(line), focus + room)
        shown = [_shown(ch) for ch in line[low:high]]
        widths = [width for _, width in shown]
        first, last = 0, len(widths)
        if sum(widths) > room or low > 0 or high < len(line):
            first, last = _window(widths, focus - low, room - 2 * len(_ELLIPSIS))
        head = _ELLIPSIS if low + first > 0 else ""
        tail = _ELLIPSIS if low + last < len(line) else ""
        self.text = head + "".join(text for text, _ in shown[first:last]) + tail
        self._first = low + first
        self._columns = list(accumulate(widths[first:last], initial=len(head)))
        self._end = self._columns[-1] + len(tail)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """First column and number of columns (at least 1) of the characters start to end.

        What is cropped away counts as the ellipsis in its stead.
        """
        column = self._column(start, beyond=self._columns[-1])
        return column, max(1, self._column(end, beyond=self._end) - column)

    def _column(self, index: int, beyond: int) -> int:
        if index < self._first:
            return 0
        return self._columns[index - self._first] if index - self._first < len(self._columns) else beyond


def first_line(span: Span, line: str) -> tuple[int, int]:
    """The part of *span* that lies in *line*, its first, as indexes into the line."""
    start = min(max(span.column - 1, 0), len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    return start, min(max(end, start), len(line))


@lru_cache(maxsize=1024)
def _shown(ch: str) -> tuple[str, int]:
    text = "    " if ch == "\t" else printable(ch)
    return text, cells(text)


def _window(widths: list[int], focus: int, room: int) -> tuple[int, int]:
    """The characters to show: up to a third of the room before the focus, what fits after it, the rest before."""
    before = _fitting(reversed(widths[:focus]), room // 3)
    after = _fitting(widths[focus:], room - sum(widths[focus - before : focus]))
    rest = room - sum(widths[focus - before : focus + after])
    before += _fitting(reversed(widths[: focus - before]), rest)
    return focus - before, focus + after


def _fitting(widths: Iterable[int], room: int) -> int:
    """How many of *widths*, from the first on, fit into *room*."""
    return sum(total <= room for total in accumulate(widths))
