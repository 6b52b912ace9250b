"""What is said of rare things: files of another format, memory that nobody knows, processes that do not end."""

import os
import signal
from pathlib import Path

import pytest
from egc_host import bundle as bundles
from egc_host.findings import Refusal
from egc_host.supervisor import shared_memory
from egc_host.supervisor.candidate import explained
from egc_host.supervisor.premises import Premises

from tests.host.bundles import Layout, make_bundle
from tests.host.supervised import Supervised, edit


def test_another_format(layout: Layout) -> None:
    """OTHER_FORMAT: programs of another version do not guess."""
    bundle = edit(make_bundle(layout), "host.json", lambda host: host.update(format=2))
    with pytest.raises(Refusal, match="has format 2, not 1") as refused:
        bundles.load(bundle)
    assert refused.value.finding.kind.code == "EGC5103"


def test_the_run_folder_is_a_file(tmp_path: Path) -> None:
    """RUN_FOLDER: what is no folder is not used as one."""
    (tmp_path / "run").write_text("")
    with pytest.raises(Refusal) as refused:
        Premises(tmp_path / "run", 0)
    assert refused.value.finding.kind.code == "EGC5112"


def test_the_system_fails() -> None:
    """OUTSIDE: what the operating system says is told with the file that it is about."""
    (found,) = explained(OSError(28, "No space left on device", "/run/egc/epochs/1"))
    assert (found.kind.code, found.message) == ("EGC5148", "/run/egc/epochs/1: No space left on device")


def test_memory_of_another_layout(layout: Layout) -> None:
    """STUCK, ADMIN_GONE: shared memory that Envoy itself does not take is left alone, and the old one serves on."""
    with Supervised(layout) as site:
        memory = shared_memory.path(layout.http)
        was = memory.read_bytes()
        memory.write_bytes(b"\xff" + was[1:])
        verdict = site.reload(make_bundle(layout, "v2"))
        assert (verdict["ok"], verdict["code"]) == (False, "EGC5126")
        assert "EGC5127" in {finding["code"] for finding in verdict["findings"]}
        site.until(lambda: "EGC5139" in site.logged())
        assert site.get() == "v1" and memory.read_bytes()[:1] == b"\xff"
        memory.write_bytes(was)
        assert site.reload()["ok"] and site.get() == "v2"


def test_last_good_is_said(layout: Layout) -> None:
    """LAST_GOOD: that another configuration serves than the one that was asked for."""
    with Supervised(layout) as site:
        site.until((layout.root / "state/envoy/last-good/envoy.yaml").exists)
    site.offer(edit(make_bundle(layout, "v2"), "envoy.yaml", lambda config: config.update(nonsense=1)))
    with site:
        assert site.get() == "v1" and "warning[EGC5135]" in site.logged()


@pytest.mark.soak
def test_an_old_envoy_does_not_end(layout: Layout) -> None:
    """OVERSTAYED: an old Envoy that hangs is killed ten seconds after it should have ended; the next reload works."""
    with Supervised(layout) as site:
        (old,) = site.envoys()
        verdict = site.reload(make_bundle(layout, "v2"))
        assert verdict["ok"]
        os.kill(old, signal.SIGSTOP)
        site.until(lambda: "EGC5145" in site.logged())
        site.drained()
        assert site.reload(make_bundle(layout, "v3"))["ok"] and site.get() == "v3"
