"""What the programs on the host have to say, each kind with a code that `egc explain` knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of finding.

    ``code`` is for ever. ``severity`` is "error" or "warning", ``title`` one phrase, ``explanation`` Markdown, ``help``
    what to do.
    """

    code: str
    severity: str
    title: str
    explanation: str
    help: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its kind and, as one phrase, what is wrong here."""

    kind: Kind
    message: str
    help: str = ""

    def __str__(self) -> str:
        """As on a terminal: severity, code and message, and below them what to do."""
        advice = self.help or self.kind.help
        first = f"{self.kind.severity}[{self.kind.code}]: {self.message}"
        return f"{first}\n  help: {advice}" if advice else first

    @property
    def fatal(self) -> bool:
        """Whether it forbids what was asked for."""
        return self.kind.severity == "error"


class Refusal(Exception):  # noqa: N818 - it is an outcome, told as its finding
    """What was asked for is not done; nothing was changed."""

    def __init__(self, kind: Kind, message: str, help: str = "") -> None:
        super().__init__(message)
        self.finding = Finding(kind, message, help)
