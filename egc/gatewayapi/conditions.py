"""Status conditions, and diagnostics that set them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from egc.diagnostics import Located, Rule, Sink

# Conditions whose status "True" is the bad news.
# https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditiontype
_TRUE_IS_BAD = frozenset(
    {
        "Conflicted",
        "InsecureFrontendValidationMode",
        "Overridden",
        "OverlappingTLSConfig",
        "PartiallyInvalid",
        "RouteRulesOverlap",
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a status."""

    type: str
    status: bool
    reason: str
    message: str


@dataclass(slots=True)
class Conditions:
    """The conditions of one object, listener or parent, by type; the first bad news of a type stays."""

    by_type: dict[str, Condition] = field(default_factory=dict)

    def set(self, type: str, reason: str, message: str, *, status: bool = True) -> None:
        """Set a condition unless one of that type is set."""
        self.by_type.setdefault(type, Condition(type, status, reason, message))

    def deny(
        self,
        rule: Rule,
        at: Located | None,
        message: str,
        sink: Sink,
        *,
        help: str = "",
        related: Iterable[tuple[Located | None, str]] = (),
    ) -> None:
        """Report a diagnostic, and set the condition that it stands for, if it stands for one."""
        sink.report(rule, at, message, help=help, related=related)
        self.mark(rule, message)

    def mark(self, rule: Rule, message: str) -> None:
        """Set the condition that a diagnostic stands for, where another has told of it already."""
        if rule.condition:
            type, _, reason = rule.condition.partition("/")
            self.set(type, reason, message, status=type in _TRUE_IS_BAD)

    def denied(self, type: str) -> bool:
        """Whether a condition of that type brings bad news."""
        found = self.by_type.get(type)
        return found is not None and found.status is (type in _TRUE_IS_BAD)
