"""The demonstration shows what happened, and by which line of the site."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result as Ending

from tests import demo
from tests.host import demonstration
from tests.host.load import Report, Tally, Why
from tests.host.load.report import RequestError
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


def shown(folder: Path, patch: pytest.MonkeyPatch, requests: str, *results: demonstration.Result) -> Ending:
    """What the demonstration of a site with these requests does, if changes to it come to these results."""

    def build(site: Path, bundle: Path) -> None:
        shutil.copytree(BUNDLE, bundle)

    (folder / "requests.yaml").write_text(requests, encoding="utf-8")
    patch.setattr(demo, "PLATFORM", folder)
    patch.setattr(demo, "build", build)
    patch.setattr(demo, "demonstrate", lambda *_: list(results))
    return CliRunner().invoke(demo.main)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (404, 1)])
def test_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: int) -> None:
    """The demonstration fails if a request gets something else than expected."""
    text = f"[{{listener: 8080, get: 'http://a/shop', expect: {{status: {status}}}}}]"
    result = shown(tmp_path, monkeypatch, text)
    assert (result.exit_code, result.output.splitlines()[1].split()) == (
        code,
        ["GET", "http://a/shop", "200", "shop", "unix:/run/shop.sock", "differs" if code else "ok"],
    )


@pytest.mark.parametrize(
    ("why", "change", "code", "line"),
    [
        (None, "certificate", 0, "certificate: 1 requests, 0 failed, 0 connections closed"),
        (Why.STATUS, "restart", 1, "restart: 2 requests, 1 failed"),
        (Why.WEBSOCKET, "restart", 0, "restart: 1 requests, 0 failed"),
        (Why.WEBSOCKET, "certificate", 1, "certificate: 1 requests, 0 failed, 1 connections closed"),
    ],
)
def test_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: Why | None, change: str, code: int, line: str
) -> None:
    """It fails as well if a client noticed what none may notice."""
    tally = Tally("client 1", answered=1)
    if why is not None:
        tally.fail(0.0, RequestError(why))
    outcome = demonstration.Result(change, Report((tally,)), quiet=change == "certificate")
    result = shown(tmp_path, monkeypatch, "[]", outcome)
    assert (result.exit_code, result.output.splitlines()[3]) == (code, line)
