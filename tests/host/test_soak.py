"""The table of the soak: what it says, and that it fails when a case does."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from tests.host.load import Report, Tally, Why
from tests.host.load.report import RequestError
from tests.host.soak import __main__ as soak
from tests.host.soak.row import Case, Row


def measured(failures: int) -> Row:
    """A row for a load with so many failures."""
    tally = Tally("client 1", answered=10)
    for _ in range(failures):
        tally.fail(0.0, RequestError(Why.REFUSED))
    row = Row()
    row.requests(Report((tally,)))
    return row


def breaks() -> Row:
    """A case that cannot be measured."""
    raise TimeoutError("no answer")


@pytest.mark.parametrize(
    ("name", "measure", "cells"),
    [
        ("good", lambda: measured(0), "0 of 10 requests failed | ok"),
        ("bad", lambda: measured(1), "1 of 11 requests failed | client 1: connection refused"),
        ("broken", breaks, " | TimeoutError: no answer"),
    ],
)
def test_table(monkeypatch: pytest.MonkeyPatch, name: str, measure: Callable[[], Row], cells: str) -> None:
    """One row for each case, and 1 as the exit status unless all are good."""
    monkeypatch.setattr(soak, "CASES", {name: Case(name, "nothing fails", measure)})
    result = CliRunner().invoke(soak.main, ["--markdown"])
    assert result.output.splitlines()[2:] == [f"| `{name}` | nothing fails | {cells} |"]
    assert result.exit_code == (0 if name == "good" else 1)
