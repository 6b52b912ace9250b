"""Fixtures of the supervisor's tests; and none of the tests here is repeated with other classes of Envoy's messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.bundles import Layout
from tests.host.supervised import Supervised

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave them out when the suite is repeated."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A host in miniature."""
    return Layout(tmp_path, envoy={"drainTime": 0, "parentShutdownTime": 1})


@pytest.fixture
def site(layout: Layout) -> Iterator[Supervised]:
    """A supervisor that serves v1."""
    with Supervised(layout) as running:
        yield running
