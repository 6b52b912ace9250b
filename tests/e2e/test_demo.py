"""The demonstration shows what happened, and by which line of the site."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import demo
from tests.serve import Outcome

BUNDLE = Path(__file__).parent / "bundle"


def test_places_of_rules() -> None:
    """A rule is found in the file and line where it begins."""
    place = demo.rules(demo.PLATFORM)["httproute/envoy-gateway-system/shop/rule/0"]
    name, _, line = place.partition(":")
    text = (demo.PLATFORM / name).read_text(encoding="utf-8").splitlines()
    assert name == "common/routes/shop.yaml"
    assert text[int(line) - 2 : int(line)] == ["  rules:", "    - matches:"]


def test_table() -> None:
    """Columns are aligned; what differs is told below its row."""
    outcomes = [
        Outcome("a", "GET http://a/", 200, "shop.local:8000", "httproute/n/shop/rule/0/match/1/*", []),
        Outcome("b", "GET http://long/", None, None, None, ["no answer: reset"]),
    ]
    assert list(demo.table(outcomes, {"httproute/n/shop/rule/0": "shop.yaml:7"})) == [
        "request           status     rule         backend",
        "GET http://a/     200        shop.yaml:7  shop.local:8000  \x1b[32mok\x1b[0m",
        "GET http://long/  no answer  -            -                \x1b[31mdiffers\x1b[0m",
        "    no answer: reset",
    ]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (404, 1)])
def test_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: int) -> None:
    """The demonstration fails if a request gets something else than expected."""
    text = f"[{{listener: 8080, get: 'http://a/shop', expect: {{status: {status}}}}}]"
    (tmp_path / "requests.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(demo, "PLATFORM", tmp_path)
    monkeypatch.setattr(demo, "build", lambda bundle: shutil.copytree(BUNDLE, bundle))
    result = CliRunner().invoke(demo.main)
    assert (result.exit_code, result.output.splitlines()[1].split()) == (
        code,
        ["GET", "http://a/shop", "200", "shop", "unix:/run/shop.sock", "differs" if code else "ok"],
    )
