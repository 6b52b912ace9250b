"""The supervisor copies what Envoy reads of a bundle."""

import re
from pathlib import Path

from egc_host.supervisor import snapshot

_FIXTURES = Path(__file__).parents[2] / "fixtures"
_RELATIVE = re.compile(r"\b(?:filename|path): [\"']?(\w[\w.-]*/[^\s\"']+)")


def test_folders() -> None:
    """Every file that any expected configuration names relative to its bundle is in a folder that is copied."""
    named = {
        name
        for path in [*_FIXTURES.glob("features/*/*/envoy.yaml"), *_FIXTURES.glob("whole/*/bundle/*/envoy.yaml")]
        for name in _RELATIVE.findall(path.read_text(encoding="utf-8"))
    }
    assert {name.partition("/")[0] + "/" for name in named} == set(snapshot.FOLDERS)
