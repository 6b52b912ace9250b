"""Kinds of diagnostics: each a value, declared beside the check that reports it."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic matters: an error stops the build, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


RULES: dict[str, "Rule"] = {}


@dataclass(frozen=True)
class Rule:
    """A kind of problem.

    ``code`` is for ever: EGC and four digits, never reused. ``title`` is one phrase; ``explanation`` is Markdown,
    with a YAML example where one helps; ``help`` says what to do. ``condition`` names the Gateway API condition
    that a controller would set, as ``Type/Reason``. ``lenient`` rules become warnings under --allow-unsupported.
    """

    code: str
    severity: Severity
    title: str
    explanation: str
    help: str = ""
    condition: str = ""
    lenient: bool = False

    def __post_init__(self) -> None:
        if RULES.setdefault(self.code, self) is not self:
            raise ValueError(f"{self.code} is declared twice")
