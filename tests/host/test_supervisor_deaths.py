"""What dies, and what becomes of the site."""

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from egc_host.supervisor import ports

from tests.host.bundles import Layout, make_bundle
from tests.host.hanging import admin_epoch, hanging
from tests.host.supervised import PROGRAM, Supervised


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A host in miniature."""
    return Layout(tmp_path, envoy={"parentShutdownTime": 2})


def test_serving(site: Supervised) -> None:
    """The supervisor ends with 1 for the service manager to start it anew, and then everything works."""
    assert site.reload(make_bundle(site.layout, "v2"))["ok"]
    both = site.envoys()
    os.kill(site.status()["pid"], signal.SIGKILL)
    assert site.process.wait(30) == 1
    assert "error[EGC5142]" in site.logged()
    assert not any(Path(f"/proc/{pid}").exists() for pid in both)
    restarted(site)


def restarted(site: Supervised) -> None:
    """Start it again; it serves, and a reload is fine."""
    site.start()
    site.until(lambda: site.state() == "serving")
    assert site.get() == "v2" and site.status()["epoch"] == 0
    assert site.reload(make_bundle(site.layout, "v3"))["epoch"] == 1
    assert site.get() == "v3"


def test_supervisor(site: Supervised) -> None:
    """No Envoy is left behind, and what is left in the run folder is no hindrance."""
    assert site.reload(make_bundle(site.layout, "v2"))["ok"]
    both = site.envoys()
    site.process.kill()
    site.process.wait()
    site.until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in both), running=False)
    restarted(site)


def test_draining(site: Supervised) -> None:
    """The serving Envoy's main thread is not held up when its parent died; it would be for 10 s, and then abort."""
    assert site.reload(make_bundle(site.layout, "v2"))["ok"]
    told = time.monotonic() + site.layout.envoy["parentShutdownTime"]
    with site.requests() as probe:
        (draining,) = site.status()["draining"]
        os.kill(draining["pid"], signal.SIGKILL)
        site.until(lambda: not site.status()["draining"])
        # Then it sends the message that nobody would take.
        site.until(lambda: time.monotonic() > told + 1)
        assert "sendmsg" not in site.logged()
        assert admin_epoch(site.layout) == 1
        assert site.reload(make_bundle(site.layout, "v3"))["epoch"] == 2
        probe.more()
    assert probe.failures == []


def test_starting(layout: Layout) -> None:
    """The mark that it left is removed: the old one serves, is started again for its admin socket, and is replaced."""
    with hanging(layout) as bundle, Supervised(layout) as site, site.requests() as probe:
        site.offer(bundle)
        verdicts: list[dict[str, Any]] = []
        waiting = threading.Thread(target=lambda: verdicts.append(site.reload()))
        waiting.start()
        new = starting(site)
        site.until(lambda: "shutting down admin due to child startup" in site.logged())
        os.kill(new, signal.SIGKILL)
        waiting.join()
        assert verdicts[0]["code"] == "EGC5126" and "signal 9" in verdicts[0]["message"]
        site.until(lambda: site.state() == "serving")
        assert "warning[EGC5140]" in site.logged()
        assert site.status()["epoch"] == admin_epoch(layout) == 1
        assert site.reload(make_bundle(layout, "v3"))["epoch"] == 2
        probe.more()
        assert probe.failures == [] and set(probe.answers) == {"v1", "v3"}


def starting(site: Supervised) -> int:
    """The process of an Envoy that does not serve yet."""
    old = site.status()["pid"]
    site.until(lambda: len(site.envoys()) == 2)
    return next(pid for pid in site.envoys() if pid != old)


def test_taken_over(site: Supervised) -> None:
    """One that dies when nobody else listens any more leaves nothing to serve on: a clean start."""
    old = site.status()["pid"]
    site.offer(make_bundle(site.layout, "v2"))
    site.process.send_signal(signal.SIGHUP)
    new = starting(site)
    site.process.send_signal(signal.SIGSTOP)
    site.until(lambda: not ports.listens(old))
    os.kill(new, signal.SIGKILL)
    site.process.send_signal(signal.SIGCONT)
    assert site.process.wait(30) == 1
    assert "error[EGC5143]" in site.logged() or "error[EGC5142]" in site.logged()
    restarted(site)


def test_short_shutdown(layout: Layout) -> None:
    """With a parentShutdownTime of 0 the old one may be gone before the new one was seen to serve."""
    layout.envoy.update(drainTime=0, parentShutdownTime=0)
    with Supervised(layout) as site:
        old = site.status()["pid"]
        site.offer(make_bundle(layout, "v2"))
        site.process.send_signal(signal.SIGHUP)
        starting(site)
        site.process.send_signal(signal.SIGSTOP)
        site.until(lambda: not Path(f"/proc/{old}/exe").exists())
        site.process.send_signal(signal.SIGCONT)
        site.until(lambda: site.state() == "serving" and site.status()["epoch"] == 1)
        assert site.get() == "v2" and site.reload()["ok"]


def test_stop_in_start(layout: Layout) -> None:
    """Stopping does not wait for a reload: it is refused."""
    with hanging(layout) as bundle, Supervised(layout) as site:
        site.offer(bundle)
        verdicts: list[dict[str, Any]] = []
        waiting = threading.Thread(target=lambda: verdicts.append(site.reload()))
        waiting.start()
        starting(site)
        site.process.terminate()
        assert site.process.wait(30) == 0
        waiting.join()
        assert verdicts[0]["code"] == "EGC5134"


def test_socket_removed(site: Supervised) -> None:
    """The control socket comes back; a hot restart socket cannot, and that is said. A cold start helps."""
    (site.layout.run / "ctl.sock").unlink()
    site.process.send_signal(signal.SIGHUP)
    site.until(lambda: site.state() == "serving" and site.status()["epoch"] == 1)
    site.drained()
    for path in site.layout.run.glob("hr_parent_*"):
        path.unlink()
    assert site.reload()["code"] == "EGC5137"
    verdict = site.reload(make_bundle(site.layout, "v2"), allowCold=True)
    assert verdict["ok"] and [one["code"] for one in verdict["findings"]] == ["EGC5133"]
    assert site.get() == "v2" and site.status()["epoch"] == 0


def test_nonsense(site: Supervised) -> None:
    """Whatever comes over the control socket, what serves goes on."""
    for line in (b"\n", b"[]\n", b'{"command": "dance"}\n', b"\xff\n", b"{" * 10000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(site.layout.run / "ctl.sock"))
            connection.sendall(line)
            answer = b""
            try:
                answer = connection.recv(65536)
            except ConnectionResetError:
                assert len(line) > 4096
            if answer:
                assert json.loads(answer)["code"] == "EGC5141"
    with socket.socket(socket.AF_UNIX) as connection:  # hangs up before its verdict
        connection.connect(str(site.layout.run / "ctl.sock"))
        connection.sendall(b'{"command": "reload"}\n')
    site.until(lambda: site.status()["epoch"] == 1)
    assert site.get() == "v1"


@pytest.mark.parametrize("place", ["reload.Reloads._workers", "reload.Reloads._take", "record.Record.status"])
def test_defect(layout: Layout, place: str) -> None:
    """A mistake in the supervisor costs one request at most; what serves goes on, and no traceback is shown."""
    module, _, name = place.partition(".")
    breaking = f"from egc_host.supervisor import {module}; {place} = lambda *_: 1 / 0; "
    program = (*PROGRAM[:-1], PROGRAM[-1].replace("sys.exit", breaking + "sys.exit"))
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    site.start(program=program)
    try:
        site.until(lambda: "epoch 0 serves" in site.logged())
        verdict = site.status() if name == "Record.status" else site.reload()
        assert verdict["code"] == "EGC5149" and "ZeroDivisionError at <string>:1" in verdict["message"]
        assert site.get() == "v1"
        assert "Traceback" not in site.logged()
    finally:
        site.__exit__(None, None, None)


def test_failed_cold_start(layout: Layout) -> None:
    """When the old one had to stop and the new one fails, the service manager starts all anew."""
    with hanging(layout) as bundle, Supervised(layout, "--ready-timeout-s", "1.5") as site:
        for path in layout.run.glob("hr_parent_*"):
            path.unlink()
        assert site.reload(bundle, allowCold=True)["code"] == "EGC5125"
        assert site.process.wait(30) == 1
