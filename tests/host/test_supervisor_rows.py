"""Reload after reload: bursts are one, none cuts an older Envoy short, and there are never three."""

import signal
import threading
from typing import Any

import pytest

from tests.host.bundles import Layout, make_bundle
from tests.host.supervised import Supervised, edit


def test_burst(site: Supervised) -> None:
    """Three SIGHUPs at once are one reload, and all that wait get the verdict of the one that they joined."""
    site.offer(make_bundle(site.layout, "v2"))
    for _ in range(3):
        site.process.send_signal(signal.SIGHUP)
    site.until(lambda: site.status()["epoch"] >= 1)
    site.until(lambda: site.state() == "serving")
    assert site.status()["reloads"]["ok"] <= 2
    site.drained()
    before = site.status()["reloads"]["ok"]
    verdicts: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: verdicts.append(site.reload())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verdict["ok"] for verdict in verdicts] == [True] * 5
    assert site.status()["reloads"]["ok"] - before <= 2


def test_during_drain(layout: Layout) -> None:
    """While an older Envoy drains, what is bad is refused at once, what is good waits; never three."""
    layout.envoy["parentShutdownTime"] = 3
    with Supervised(layout) as site:
        most = Most(site)
        most.start()
        assert site.reload(make_bundle(layout, "v2"))["epoch"] == 1
        bad = make_bundle(layout, "bad")
        edit(bad, "envoy.yaml", lambda config: config.update(nonsense=1))
        assert site.reload(bad)["code"] == "EGC5122"
        assert [one["epoch"] for one in site.status()["draining"]] == [0]
        verdict = site.reload(make_bundle(layout, "v3"))
        assert (verdict["ok"], verdict["epoch"]) == (True, 2)
        assert [one["epoch"] for one in site.status()["draining"]] == [1]
        most.ended.set()
        most.join()
        assert most.count == 2


class Most(threading.Thread):
    """Watches how many Envoys there are at once."""

    def __init__(self, site: Supervised) -> None:
        super().__init__()
        self.count = 0
        self.ended = threading.Event()
        self._site = site

    def run(self) -> None:
        """Until ended."""
        while not self.ended.wait(0.01):
            self.count = max(self.count, len(self._site.envoys()))


@pytest.mark.parametrize("reloads", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_row(layout: Layout, reloads: int) -> None:
    """Reload after reload: none is lost, no request fails, and there are never three Envoys."""
    layout.envoy.update(drainTime=0, parentShutdownTime=1)
    with Supervised(layout) as site, site.requests() as probe:
        most = Most(site)
        most.start()
        for number in range(reloads):
            verdict = site.reload(make_bundle(layout, f"v{number % 3}"))
            assert (verdict["ok"], verdict["epoch"]) == (True, number + 1)
        most.ended.set()
        most.join()
        assert most.count == 2
        assert probe.failures == []
        site.drained()
        assert len(list((layout.run / "epochs").iterdir())) == 1
