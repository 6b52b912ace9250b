"""Text of unknown origin as a terminal may safely show it, and the room it takes there."""

import unicodedata
from functools import lru_cache


def printable(text: str) -> str:
    """*text* with every invisible character but the space written as an escape.

    Escape sequences, bidirectional overrides and no-break spaces can neither act nor hide.
    """
    if text.isprintable():
        return text
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in text)


def cells(text: str) -> int:
    """How many terminal columns the printable *text* fills."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@lru_cache(maxsize=1024)
def _cells(ch: str) -> int:
    if unicodedata.category(ch) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1
