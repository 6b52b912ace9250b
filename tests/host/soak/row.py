"""One line of the table."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.host.load import Report

_SHOWN = 3


@dataclass
class Row:
    """What was measured, and what was not as it must be."""

    measured: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def must(self, condition: object, problem: object) -> None:
        """Note the problem unless the condition holds."""
        if not condition:
            self.problems.append(str(problem))

    def requests(self, report: Report, least: int = 1) -> None:
        """No HTTP request of at least so many failed."""
        self.measured.append(f"{len(report.failed)} of {report.requests:,} requests failed")
        self.must(report.requests >= least, f"only {report.requests} requests")
        for failure in report.failed[:_SHOWN]:
            self.problems.append(str(failure))
        for tally in report.tallies:
            self.must(tally.answered or tally.echoes, f"{tally.client} had no answer")

    def verdict(self, verdict: dict[str, object], *, ok: bool = True) -> None:
        """A reload ended so."""
        self.must(verdict["ok"] is ok, f"reload: {verdict}")


@dataclass(frozen=True)
class Case:
    """``must`` says what the measurement must show; ``alone`` that it needs a network namespace of its own."""

    name: str
    must: str
    measure: Callable[[], Row]
    alone: bool = False
