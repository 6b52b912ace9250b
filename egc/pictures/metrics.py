"""How much room text takes. Nobody's fonts are asked: the same site gives the same picture everywhere.

A picture tells the browser the width that was reckoned with, and so text of any font fits where it stands.
"""

from __future__ import annotations

from functools import lru_cache

from egc.diagnostics.printable import cells, printable

# Helvetica's advance widths in thousandths of its size, from the space on; Arial and Liberation Sans have the same.
_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
_OTHERS = 620
_BOLD = 1.07


@lru_cache(maxsize=65536)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of *text*."""
    total = sum(_WIDTHS[ord(ch) - 32] if " " <= ch <= "~" else _OTHERS * max(cells(ch), 1) for ch in text)
    return total * size * (_BOLD if bold else 1) / 1000


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """*text*, shown safely, and cut where it does not fit."""
    text = printable(text)
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle] + "…", size, bold=bold) <= room else (low, middle - 1)
    return text[:low].rstrip() + "…"


def wrapped(text: str, size: float, room: float, lines: int) -> list[str]:
    """*text* on at most so many lines; the last is cut where it does not fit."""
    found: list[str] = []
    words = printable(text).split(" ")
    while words and len(found) < lines - 1:
        count = 1
        while count < len(words) and width(" ".join(words[: count + 1]), size) <= room:
            count += 1
        if width(words[0], size) > room:
            break
        found.append(" ".join(words[:count]))
        words = words[count:]
    return [*found, fitted(" ".join(words), size, room)] if words else found
