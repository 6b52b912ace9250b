"""What an API server would refuse, remembered by the model at fault: later stages draw their consequences from it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from egc.diagnostics import Located, Rule, Sink
from egc.kube.model import Model


class Flaw(NamedTuple):
    """One thing wrong with a model, already told."""

    rule: Rule
    message: str


class Flaws:
    """The flaws of all models of a build. Most builds have none."""

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink = sink or Sink()
        self._found: dict[int, list[Flaw]] = {}  # the models live as long as the resources do

    def report(
        self,
        model: Model,
        rule: Rule,
        at: Located,
        message: str,
        *,
        help: str = "",
        related: Iterable[tuple[Located | None, str]] = (),
    ) -> None:
        """Tell of a flaw of *model*."""
        self._sink.report(rule, at, message, help=help, related=related)
        self._found.setdefault(id(model), []).append(Flaw(rule, message))

    def of(self, model: Model) -> Sequence[Flaw]:
        """What was told of *model* itself, not of what lies below it."""
        return self._found.get(id(model), ())
