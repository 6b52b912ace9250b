"""What all tests share: Hypothesis' profiles, ``--update`` and the Envoy to serve with."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.serve import envoy_binary

# Every run tries the same examples, so that a change can only be blamed for what it broke; `make fuzz` tries others.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("fuzz", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update``, which writes what goldens expect instead of comparing."""
    parser.addoption("--update", action="store_true", help="write the expected files of goldens anew")


@pytest.fixture(scope="session")
def envoy() -> Path:
    """The real Envoy that the suite serves with; without it nothing is proved, so its absence is an error."""
    binary = envoy_binary()
    if not binary.exists():
        pytest.fail(f"{binary} is missing: run `make setup`")
    return binary
