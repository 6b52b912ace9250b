"""The first start: with what is there, and as what is asked for."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipapp
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.host.bundles import Layout, make_bundle
from tests.host.pairs import pair
from tests.host.supervised import HOOKS, PATIENCE, Supervised, arguments, children, edit
from tests.needs import need


def kept(layout: Layout, version: str) -> Callable[[], bool]:
    """Whether a version is the last good one."""
    file = layout.root / "state/envoy/last-good/envoy.yaml"
    return lambda: file.exists() and version in file.read_text()


def spoil(bundle: Path) -> Path:
    """Make Envoy refuse a bundle."""
    return edit(bundle, "envoy.yaml", lambda config: config.update(nonsense=1))


def test_last_good(layout: Layout) -> None:
    """A bundle that does not validate at boot: what served last serves, and status says why."""
    with Supervised(layout) as site:
        assert site.reload(make_bundle(layout, "v2"))["ok"]
        site.until(lambda: b"v2" in (layout.root / "state/envoy/last-good/envoy.yaml").read_bytes())
    site = Supervised(layout, "--state-dir", str(layout.root / "state"))
    for bad, good in ((spoil(make_bundle(layout, "bad")), "v2"), (layout.root / "nothing", "v3")):
        site.offer(bad)
        with site:
            assert site.get() == good
            assert "last good configuration is served: " in site.status()["degraded"]
            assert "egc_envoy_degraded 1\n" in (layout.root / "state/envoy/egc_envoy.prom").read_text()
            if bad.exists():
                assert site.reload()["code"] == "EGC5122"
                assert site.reload(make_bundle(layout, "v3"))["ok"]
                assert site.get() == "v3" and site.status()["degraded"] is None
                site.until(kept(layout, "v3"))
            site.until(lambda: len(list((layout.root / "state/envoy").glob("good-*"))) == 1)


def test_unreadable_host(layout: Layout) -> None:
    """A bundle that says nothing of folders: those of the last good one serve, if it is known where that is."""
    with Supervised(layout) as site:
        site.until(kept(layout, "v1"))
    bad = make_bundle(layout, "bad")
    (bad / "host.json").write_text("{")
    site = Supervised(layout, "--state-dir", str(layout.root / "state"))
    site.offer(bad)
    with site:
        assert site.get() == "v1" and "host.json" in site.status()["degraded"]


def test_nothing(layout: Layout) -> None:
    """Without a last good configuration it ends with 2 and says what is wrong."""
    site = Supervised(layout)
    site.offer(spoil(make_bundle(layout, "bad")))
    site.start()
    assert site.process.wait(30) == 2
    assert "error[EGC5122]" in site.logged() and "error[EGC5144]" in site.logged()
    assert "Traceback" not in site.logged()


def test_edited(layout: Layout) -> None:
    """At boot an edit is served, since a site that serves is better than none."""
    site = Supervised(layout)
    bundle = site.offer(make_bundle(layout))
    (bundle / "envoy.yaml").write_text((bundle / "envoy.yaml").read_text().replace("v1", "edited"))
    with site:
        assert site.get() == "edited"
        assert "not as it was built" in site.status()["degraded"]


def test_other_envoy(layout: Layout) -> None:
    """After an upgrade of Envoy and a reboot it serves if Envoy takes it, and status says that this was not meant."""
    site = Supervised(layout)
    bundle = make_bundle(layout)
    site.offer(edit(bundle, "host.json", lambda host: host["envoy"].update(version="1.39.3")))
    with site:
        assert site.get() == "v1" and "1.39.3" in site.status()["degraded"]
        assert site.reload()["code"] == "EGC5116"


def test_certificate_missing(tmp_path: Path) -> None:
    """What is wrong with one certificate does not keep the rest from serving, and status says so."""
    layout = Layout(tmp_path, lineages={"a": ["a.test"]}, reload="watch")
    with Supervised(layout) as site:
        assert site.get() == "v1"
        assert "a" in site.status()["degraded"]
        assert site.reload(make_bundle(layout, "v2"))["code"].startswith("EGC52")
        pair("a.test").write(layout.certificates / "a" / "current")
        assert site.reload()["ok"]
        site.until(lambda: "names" in site.status()["certificates"][0])
        (certificate,) = site.status()["certificates"]
        assert certificate["names"] == ["a.test"] and site.status()["degraded"] is None
        assert "certificate default/a: a.test; 8" in site.command("status").stdout
        metrics = (layout.root / "state/envoy/egc_envoy.prom").read_text()
        assert 'egc_envoy_certificate_not_after_timestamp_seconds{name="default/a"} ' in metrics


def test_state_unusable(layout: Layout) -> None:
    """Nothing can be kept, and no metrics be written: it serves, and says so."""
    state = layout.root / "state"
    state.mkdir()
    (state / "envoy").write_text("a file")
    with Supervised(layout) as site:
        assert site.get() == "v1"
        site.until(lambda: "could not be kept" in (site.status()["degraded"] or ""))
        assert "warning[EGC5138]" in site.logged()
        assert site.reload(make_bundle(layout, "v2"))["ok"]


class Manager(threading.Thread):
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._told: queue.Queue[dict[str, str]] = queue.Queue()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self.join()
        self._socket.close()

    def run(self) -> None:
        """Read until an empty message comes."""
        while message := self._socket.recv(4096):
            self._told.put(dict(line.split("=", 1) for line in message.decode().splitlines()))

    def until(self, *keys: str) -> dict[str, str]:
        """The next message with these keys."""
        while True:
            told = self._told.get(timeout=PATIENCE)
            if all(key in told for key in keys):
                return told


def test_notify(layout: Layout) -> None:
    """systemd is told when it serves, reloads, lives and stops; Envoy does not get to know the socket."""
    path = layout.root / "notify"
    with (
        Manager(path) as manager,
        Supervised(layout, env={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "300000"}) as site,
    ):
        ready = manager.until("READY")
        assert ready["READY"] == "1" and "epoch 0 serves" in ready["STATUS"]
        assert "NOTIFY_SOCKET" not in Path(f"/proc/{site.status()['pid']}/environ").read_text()
        assert manager.until("WATCHDOG") == {"WATCHDOG": "1"}
        assert site.reload(make_bundle(layout, "v2"))["ok"]
        assert int(manager.until("RELOADING", "MONOTONIC_USEC")["MONOTONIC_USEC"]) > 0
        assert "epoch 1 serves" in manager.until("READY")["STATUS"]
        site.process.terminate()
        assert manager.until("STOPPING")["STOPPING"] == "1"


def test_logs(layout: Layout) -> None:
    """SIGUSR1 lets Envoy open its access logs anew, as logrotate wants it."""
    log = layout.root / "access.log"
    entry = {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(log),
        },
    }
    site = Supervised(layout)
    site.offer(edit(make_bundle(layout), "envoy.yaml", lambda config: config["admin"].update(access_log=[entry])))
    with site:
        site.until(log.exists)
        log.rename(layout.root / "access.log.1")
        site.process.send_signal(signal.SIGUSR1)
        site.until(log.exists)
        assert site.get() == "v1"


def test_first_process(layout: Layout) -> None:
    """As process 1 of a container: it reaps what others leave, reloads on SIGHUP and stops on SIGTERM."""
    unshare = [need("unshare"), "--map-root-user", "--fork", "--pid", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("this kernel forbids namespaces")
        pytest.skip("this kernel forbids namespaces")
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    site.start(*unshare, "sh", "-c", 'sleep 0.5 & exec "$@"', "sh")
    with outer(site):
        site.until(lambda: site.state() == "serving")
        assert site.status()["supervisor"]["pid"] == 1
        (first,) = children(site.process.pid)
        stranger = [pid for pid in children(first) if arguments(pid)[:1] == ["sleep"]]
        site.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in stranger))
        site.offer(make_bundle(layout, "v2"))
        os.kill(first, signal.SIGHUP)
        site.until(lambda: site.status()["epoch"] == 1)
        assert site.get() == "v2"
        os.kill(first, signal.SIGTERM)
        assert site.process.wait(30) == 0


def outer(site: Supervised) -> "Ended":
    """End it with its namespace, whatever happens."""
    return Ended(site)


class Ended:
    """Kills what ``unshare`` started."""

    def __init__(self, site: Supervised) -> None:
        self._site = site

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for pid in children(self._site.process.pid):
            os.kill(pid, signal.SIGKILL)
        self._site.process.wait()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Path]:
    """The program as a bundle has it: one file."""
    source, target = tmp_path / "source", tmp_path / "egc-envoy"
    shutil.copytree(HOOKS / "egc_host", source / "egc_host", ignore=shutil.ignore_patterns("__pycache__"))
    zipapp.create_archive(source, target, main="egc_host.supervisor.main:main", compressed=True)
    shutil.rmtree(source)
    yield target
    target.unlink(missing_ok=True)


def test_release_removed(tmp_path: Path, program: Path) -> None:
    """The release that it was started from may be removed; and it stays small."""
    layout = Layout(tmp_path, lineages={"a": ["a.test"]})
    pair("a.test").write(layout.certificates / "a" / "current")
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    site.start(program=(sys.executable, "-IS", str(program)))
    with Running(site):
        site.until(lambda: site.state() == "serving")
        program.unlink()
        assert site.reload(make_bundle(layout, "v2"))["ok"]
        site.until(lambda: site.status()["certificates"])
        assert site.status()["supervisor"]["rss"] < 30e6


class Running:
    """Stops what was started otherwise than by ``with``."""

    def __init__(self, site: Supervised) -> None:
        self._site = site

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._site.__exit__(None, None, None)
