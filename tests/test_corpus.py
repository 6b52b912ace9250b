"""The agreement with Envoy Gateway's own test cases stays where it is, and what differs is known with its reason.

``tests/differences.yaml`` lists the cases that differ, in statuses and in answers, each with why.
"""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests import corpus

STATUSES = 90.0
ANSWERS = 94.0
"""Percent of the cases, and of the requests; the rest are the differences."""

DIFFERENCES = yaml.safe_load(Path(__file__).with_name("differences.yaml").read_text(encoding="utf-8"))
CASE = re.compile(r"^(?:differ|none|not built|crashed?) (\S+)", re.MULTILINE)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not corpus.CASES.is_dir(), reason=f"THE REFERENCE CASES ARE NOT IN {corpus.CASES}"),
]


@cache
def said(what: str) -> str:
    """What a comparing program says of every case."""
    return corpus.statuses("--list") if what == "statuses" else corpus.answers("--list")


@pytest.mark.parametrize(("what", "least"), [("statuses", STATUSES), ("answers", ANSWERS)])
def test_agreement(what: str, least: float) -> None:
    """Statuses, and the answers of a real Envoy, agree at least as far; no case crashes egc or Envoy."""
    last = said(what).splitlines()[-1]
    found = re.search(r"([0-9.]+) %", last)
    assert found is not None and float(found[1]) >= least, last
    assert "'crash'" not in last and ("crashed 0" in last or what == "statuses"), last


@pytest.mark.parametrize("what", ["statuses", "answers"])
def test_differences_are_known(what: str) -> None:
    """What differs is listed with its reason, and what is listed does differ."""
    assert sorted(set(CASE.findall(said(what)))) == sorted(DIFFERENCES[what])
    assert all(reason.strip() for reason in DIFFERENCES[what].values())
