"""Every case of the fixtures, served by a real Envoy, answers as its requests.yaml says."""

from pathlib import Path

import pytest

from tests.case import Case, cases
from tests.serve import Site, load, replay

ASKED = [case for case in cases() if case.requests is not None]

# Both passes of the suite compile to the same bytes, by test: one of them is enough to serve.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("case", ASKED, ids=str)
def test_requests(case: Case, envoy: Path, tmp_path: Path) -> None:
    """The answers of a real Envoy are as expected."""
    assert case.requests is not None
    result = case.build()
    assert result.files, result.diagnostics
    result.write(tmp_path)
    with Site(tmp_path, envoy) as site:
        outcomes = replay(site, load(case.requests))
    problems = [f"{one.name} ({one.request})\n    {problem}" for one in outcomes for problem in one.problems]
    assert not problems, "\n".join(["", *problems])
