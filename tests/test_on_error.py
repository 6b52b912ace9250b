"""``--on-error`` decides what is written, not what is told: both ways report the same, and give the same statuses."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from egc.compiler import build
from egc.diagnostics import Sink
from egc.diagnostics.text import render
from egc.options import OnError
from tests.case import FIXTURES, Case, cases, load

SITES = cases() + [
    load(folder, name)
    for folder in sorted(FIXTURES.glob("rules/*"))
    for name in ("bad.yaml",)
    if (folder / name).exists()
]
ASKED_OF_ENVOY = "EGC6"
"""What Envoy says is of what would be written."""


def told(case: Case, on_error: OnError) -> tuple[str, list[dict[str, Any]], bool]:
    """The diagnostics, the statuses, and whether there is a bundle."""
    sink = Sink(lenient=case.lenient)
    with contextlib.chdir(case.folder):
        built = build(replace(case.options, on_error=on_error, validate=False), sink)
        found = [diagnostic for diagnostic in sink.sorted() if not diagnostic.rule.code.startswith(ASKED_OF_ENVOY)]
        text = render(found, color=False)
    return text, built.statuses, built.bundle is not None


@pytest.mark.parametrize("case", SITES, ids=lambda case: str(Path(*case.folder.parts[-2:])))
def test_both_tell_the_same(case: Case) -> None:
    """A site at fault is told of in the same words, with the same statuses, whether it is served in part or not."""
    failing, statuses, written = told(case, OnError.FAIL)
    degraded, same, served = told(case, OnError.DEGRADE)
    assert degraded == failing
    assert same == statuses
    assert served or not written
