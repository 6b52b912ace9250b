"""Where in the user's files something was written."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Span:
    """A range of text. Lines and columns count from 1, in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Place:
    """A range of one file, or (without a span) the file as a whole."""

    file: str
    text: str = field(default="", repr=False)
    span: Span | None = None

    def place(self) -> "Place":
        """A place is its own place."""
        return self


class Located(Protocol):
    """Anything that knows where it was written; the answer may be costly, so it is asked for late."""

    def place(self) -> Place | None:
        """The place, or None for what no file says (a default)."""
        ...
