"""What the suite found, as a person reads it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from tests.conformance.suite import OUTCOMES, PROFILES, Listed, Verdict

_HEADINGS = ("profile", "tests", "passed", "failed", "skipped", "seconds")
_TEXT_COLUMNS = 2
_LAST_RUN = re.compile(r"(?<=<!-- last run -->\n).*(?=<!-- end -->)", re.DOTALL)

Row = tuple[str, ...]


def tell(verdict: Verdict, logs: Path) -> None:
    """Say what became of a test; all that it said goes to a file."""
    log = logs / f"{verdict.name}.log"
    log.write_text("\n".join(verdict.said) + "\n", encoding="utf-8")
    if verdict.outcome == "pass":
        click.secho(f"pass  {verdict.name} ({verdict.seconds:.1f} s)", fg="green")
    elif verdict.outcome == "fail":
        click.secho(f"FAIL  {verdict.name} ({verdict.seconds:.1f} s): {log}", fg="red")
    else:
        click.secho(f"skip  {verdict.name}: {log}", fg="yellow")


def rows(verdicts: Iterable[Verdict], catalogue: Mapping[str, Listed]) -> Iterator[Row]:
    """Profile, level, and how many tests of it passed, failed and were skipped, in how many seconds.

    A test may count for several profiles, or for none.
    """
    known = [(verdict, catalogue[verdict.name]) for verdict in verdicts if verdict.name in catalogue]
    yield _HEADINGS
    for profile in PROFILES:
        for level in ("core", "extended"):
            counted = [verdict for verdict, test in known if test.profiles.get(profile) == level]
            yield from _row(profile, level, counted)
    yield from _row("no profile", "", [verdict for verdict, test in known if not test.profiles])
    yield from _row("all", "", [verdict for verdict, _ in known])


def table(found: Sequence[Row]) -> Iterator[str]:
    """The rows in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    for row in found:
        padded = zip(row, widths, strict=True)
        cells = (
            cell.ljust(width) if i < _TEXT_COLUMNS else cell.rjust(width) for i, (cell, width) in enumerate(padded)
        )
        yield "  ".join(cells).rstrip()


def document(found: Sequence[Row], page: Path) -> None:
    """Write the rows into a page of the documentation."""
    heads, *others = found
    lines = [heads, ["---"] * _TEXT_COLUMNS + ["--:"] * (len(heads) - _TEXT_COLUMNS), *others]
    markdown = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    page.write_text(_LAST_RUN.sub(lambda _: f"\n{markdown}\n", page.read_text(encoding="utf-8")), encoding="utf-8")


def _row(profile: str, level: str, verdicts: list[Verdict]) -> Iterator[Row]:
    outcomes = [verdict.outcome for verdict in verdicts]
    if outcomes:
        counts = (str(outcomes.count(outcome)) for outcome in OUTCOMES)
        yield (profile, level, *counts, f"{sum(verdict.seconds for verdict in verdicts):.0f}")
