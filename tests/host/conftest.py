"""Tests of the programs on the host do not depend on the classes of Envoy's messages: once is enough."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave them out when the suite is repeated."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
