"""The problems of one file, kept to a number that people can read."""

from collections.abc import Iterable

from egc.diagnostics import Located, Rule, Severity, Sink

MOST = 100  # problems shown per file
TOO_MANY = 10_000  # problems after which a file is not read any further
MORE_PROBLEMS = Rule(
    code="EGC1012",
    severity=Severity.NOTE,
    title="file has more problems than are shown",
    explanation="""
        The YAML of one file has more than a hundred problems. The first hundred are shown. Most often they have one
        cause, such as a variable that was not set or a file that is not meant to be YAML. After ten thousand the file
        is not read any further.
        """,
    help="repair those that are shown and run again",
)


class GivenUpError(Exception):
    """The rest of the file is not worth reading; the reason has been reported."""


class Problems:
    """Passes the first problems of a file on to *sink* and counts the others."""

    def __init__(self, sink: Sink) -> None:
        self.count = 0
        self._shown = 0
        self._sink = sink

    def report(
        self,
        rule: Rule,
        at: Located,
        message: str,
        *,
        help: str = "",
        related: Iterable[tuple[Located | None, str]] = (),
        last: bool = False,
    ) -> None:
        """Record one problem, as `Sink.report` does; the *last*, beyond which nothing is read, is always shown."""
        if self._shown < MOST or last:
            self._shown += 1
            self._sink.report(rule, at, message, help=help, related=related)
        self.skip(last=last)

    def skip(self, *, last: bool = False) -> None:
        """Count a problem, and give up if there are too many."""
        self.count += 1
        if self.count == TOO_MANY and not last:
            raise GivenUpError

    def finish(self, file: Located) -> None:
        """Say how many problems were not shown."""
        if self.count > self._shown:
            least = "at least " if self.count >= TOO_MANY else ""
            message = f"{least}{self.count - self._shown:,} more problems in this file are not shown"
            self._sink.report(MORE_PROBLEMS, file, message)
