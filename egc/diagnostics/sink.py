"""Where diagnostics collect."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from egc.diagnostics.place import Located, Place
from egc.diagnostics.rule import Rule, Severity


@dataclass(frozen=True)
class Label:
    """A secondary place and what it has to do with the matter."""

    place: Place
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding: what, where, and what to do about it."""

    rule: Rule
    severity: Severity
    message: str
    place: Place | None = None
    help: str = ""
    related: tuple[Label, ...] = ()

    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by file, then line and column, then code."""
        span = self.place.span if self.place else None
        file = self.place.file if self.place else ""
        return file, span.line if span else 0, span.column if span else 0, self.rule.code, self.message


@dataclass
class Sink:
    """Collects diagnostics. ``lenient`` turns errors of lenient rules into warnings."""

    lenient: bool = False
    found: dict[Diagnostic, None] = field(default_factory=dict)

    def report(
        self,
        rule: Rule,
        at: Located | None,
        message: str,
        *,
        help: str = "",
        related: Iterable[tuple[Located | None, str]] = (),
    ) -> None:
        """Record one finding; saying the same thing twice counts once."""
        allowed = self.lenient and rule.lenient
        severity = Severity.WARNING if allowed else rule.severity
        labels = [(where.place(), text) for where, text in related if where is not None]
        self.found[
            Diagnostic(
                rule,
                severity,
                message,
                at.place() if at is not None else None,
                help or ("" if allowed else rule.help),
                tuple(Label(place, text) for place, text in labels if place is not None),
            )
        ] = None

    @property
    def failed(self) -> bool:
        """Whether any error was reported."""
        return any(d.severity is Severity.ERROR for d in self.found)

    @property
    def fatal(self) -> bool:
        """Whether an error leaves nothing sound to write: files and options, the host profile, Envoy's own verdict."""
        return any(d.severity is Severity.ERROR and d.rule.code[3] in "056" for d in self.found)

    @property
    def misconfigured(self) -> bool:
        """Whether an error is not in the input but in what was asked: options, the host profile, the output folder."""
        return any(d.severity is Severity.ERROR and d.rule.code[3] in "05" for d in self.found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings in the order of the files."""
        return tuple(sorted(self.found, key=Diagnostic.order))
