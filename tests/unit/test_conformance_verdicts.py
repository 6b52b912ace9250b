"""What the conformance suite said, told in a table."""

from pathlib import Path

import click
import pytest

from tests.conformance.suite import Listed, Verdict, check
from tests.conformance.verdicts import document, rows, table

_CATALOGUE = {
    test.name: test
    for test in (
        Listed("Weight", {"GATEWAY-HTTP": "core"}),
        Listed("Address", {"GATEWAY-HTTP": "extended", "GATEWAY-UDP": "extended"}),
        Listed("Named", {}),
    )
}
_VERDICTS = [
    Verdict("Weight", "fail", 2.5),
    Verdict("Address", "pass", 3.1),
    Verdict("Named", "pass", 1.0),
    Verdict("MeshWeight", "skip", 0.0),
    Verdict("TestConformance", "fail", 100.0),
]


def test_rows() -> None:
    """Each profile counts its own tests, by level; those of meshes are no matter of gateways."""
    assert list(rows(_VERDICTS, _CATALOGUE))[1:] == [
        ("GATEWAY-HTTP", "core", "0", "1", "0", "2"),
        ("GATEWAY-HTTP", "extended", "1", "0", "0", "3"),
        ("GATEWAY-UDP", "extended", "1", "0", "0", "3"),
        ("no profile", "", "1", "0", "0", "1"),
        ("all", "", "2", "1", "0", "7"),
    ]


@pytest.mark.parametrize(("only", "said"), [("Weigth", "mean Weight"), ("Route.*", "no test"), ("(", "no regular")])
def test_no_such_test(only: str, said: str) -> None:
    """A run of nothing would pass."""
    with pytest.raises(click.BadParameter, match=said):
        check(only, _CATALOGUE)


def test_some_test() -> None:
    """All of them, or those that match as a whole."""
    for only in ("", "Weight", "W.*|Named"):
        check(only, _CATALOGUE)


def test_table() -> None:
    """Names to the left, numbers to the right."""
    assert list(table([("profile", "tests", "passed"), ("all", "", "12")])) == [
        "profile  tests  passed",
        "all                 12",
    ]


def test_document(tmp_path: Path) -> None:
    """The table replaces the one of the last run, and nothing else."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- last run -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    document([("profile", "tests", "passed"), ("all", "", "12")], page)
    assert page.read_text(encoding="utf-8").splitlines() == [
        "before",
        "<!-- last run -->",
        "",
        "| profile | tests | passed |",
        "| --- | --- | --: |",
        "| all |  | 12 |",
        "",
        "<!-- end -->",
        "after",
    ]
