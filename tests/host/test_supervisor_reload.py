"""Reloads of a real Envoy: what is right is served, what is wrong is refused and the old serves on."""

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from tests.host.bundles import Layout, bootstrap, free_port, make_bundle
from tests.host.hanging import admin_epoch, hanging
from tests.host.supervised import PROGRAM, Supervised, edit


def test_reload(site: Supervised) -> None:
    """The new answer is served, the command says so, and status and metrics know."""
    assert site.get() == "v1"
    site.offer(make_bundle(site.layout, "v2"))
    with site.requests() as probe:
        done = site.command("reload")
        probe.more()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reloaded in ")
    assert probe.failures == [] and probe.answers["v2"] >= 3
    status = json.loads(site.command("status", "--json").stdout)
    assert (status["state"], status["epoch"], status["degraded"]) == ("serving", 1, None)
    assert status["lastReload"]["ok"] and status["reloads"] == {"ok": 1, "refused": 0}
    assert status["bundle"].endswith("dist-v2") and status["digest"] in done.stdout
    assert "epoch       1" in site.command("status").stdout
    assert site.command("health").returncode == 0
    metrics = (site.layout.root / "state/envoy/egc_envoy.prom").read_text()
    assert f'egc_envoy_bundle_info{{digest="{status["digest"]}",envoy="1.40.0"}} 1\n' in metrics
    assert 'egc_envoy_reloads_total{result="ok"} 1\n' in metrics


def test_stop(layout: Layout) -> None:
    """Stopping drains first, ends with 0 and leaves neither processes nor files in shared memory."""
    layout.envoy["stopDrainTime"] = 1
    with Supervised(layout) as site:
        pid, begun = site.status()["pid"], time.monotonic()
        site.process.terminate()
        site.until(lambda: site.state() == "stopping")
        assert site.get() == "v1"
        assert site.reload()["code"] == "EGC5134"
        assert site.process.wait(30) == 0
        assert time.monotonic() - begun >= 1
    assert not Path(f"/proc/{pid}").exists()
    assert not list(Path("/dev/shm").glob(f"*envoy_*{layout.http}*"))
    assert site.command("status").returncode == 1 and "EGC5111" in site.command("status").stderr


def test_hurry(layout: Layout) -> None:
    """A second SIGTERM stops at once."""
    layout.envoy["stopDrainTime"] = 600
    with Supervised(layout) as site:
        site.process.terminate()
        site.until(lambda: site.state() == "stopping")
        site.process.terminate()
        assert site.process.wait(30) == 0


def _syntax(bundle: Path) -> None:
    (bundle / "envoy.yaml").write_text("a: [")
    edit(bundle, "host.json", dict)


def _unknown(bundle: Path) -> None:
    edit(bundle, "envoy.yaml", lambda config: config["static_resources"].update(listners=[]))


def _missing(bundle: Path) -> None:
    (bundle / "envoy.yaml").unlink()


def _edited(bundle: Path) -> None:
    (bundle / "envoy.yaml").write_bytes((bundle / "envoy.yaml").read_bytes() + b"\n")


def _other_envoy(bundle: Path) -> None:
    edit(bundle, "host.json", lambda host: host["envoy"].update(version="1.41.2"))


def _no_envoy(bundle: Path) -> None:
    edit(bundle, "host.json", lambda host: host["envoy"].update(path="/nonexistent/envoy"))


def _no_admin(bundle: Path) -> None:
    path = "/nonexistent/admin.sock"
    edit(bundle, "envoy.yaml", lambda config: config["admin"]["address"]["pipe"].update(path=path))
    edit(bundle, "host.json", lambda host: host["envoy"].update(admin=path))


def _long_admin(bundle: Path) -> None:
    path = f"{bundle}/{'a' * 100}"
    edit(bundle, "host.json", lambda host: host["envoy"].update(admin=path))


def _foreign_address(bundle: Path) -> None:
    edit(bundle, "host.json", lambda host: host["listeners"].append(
        {"name": "x", "address": "192.0.2.1", "port": 8080, "protocol": "tcp"}))  # fmt: skip


def _outside(bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["../x"] = {"sha256": "", "mode": "0644"}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


REFUSED = {
    _syntax: ("EGC5122", "yaml-cpp"),
    _unknown: ("EGC5122", "listners"),
    _missing: ("EGC5101", "envoy.yaml is missing"),
    _edited: ("EGC5102", "not as it was built"),
    _other_envoy: ("EGC5116", "1.41.2"),
    _no_envoy: ("EGC5115", "/nonexistent/envoy"),
    _no_admin: ("EGC5114", "/nonexistent"),
    _long_admin: ("EGC5113", "bytes"),
    _foreign_address: ("EGC5124", "192.0.2.1"),
    _outside: ("EGC5100", "outside"),
}


def test_refused(site: Supervised) -> None:
    """Each bad bundle in a row is refused for its reason, then a good one is taken; v1 answers until then."""
    with site.requests() as probe:
        for number, (spoil, (code, words)) in enumerate(REFUSED.items()):
            bundle = make_bundle(site.layout, f"bad{number}")
            spoil(bundle)
            verdict = site.reload(bundle)
            assert (verdict["ok"], verdict["code"]) == (False, code), verdict
            assert words in verdict["message"]
            assert verdict["epoch"] == 0
        assert site.status()["pid"] in site.envoys() and len(site.envoys()) == 1
        assert set(probe.answers) == {"v1"}
        assert site.reload(make_bundle(site.layout, "v2"))["epoch"] == 1
        probe.more()
    assert probe.failures == []
    assert site.status()["reloads"] == {"ok": 1, "refused": len(REFUSED)}
    assert not list((site.layout.run / "epochs").glob("next-*"))


def test_refused_command(site: Supervised) -> None:
    """The command says why on stderr and exits 1."""
    bundle = make_bundle(site.layout, "v2")
    _unknown(bundle)
    site.offer(bundle)
    done = site.command("reload")
    assert done.returncode == 1
    assert "error[EGC5122]: " in done.stderr and "epoch 0 serves on" in done.stderr


def test_accept_edited(site: Supervised) -> None:
    """An edit is served when it is accepted, and status says so until what was built is served again."""
    bundle = make_bundle(site.layout, "v2")
    text = (bundle / "envoy.yaml").read_text()
    (bundle / "envoy.yaml").write_text(text.replace("v2", "edited"))
    site.offer(bundle)
    done = site.command("reload", "--accept-edited")
    assert done.returncode == 0 and "warning[EGC5136]" in done.stderr
    assert site.get() == "edited"
    assert "not as it was built" in site.status()["degraded"]
    (bundle / "envoy.yaml").write_text(text)
    assert site.reload()["ok"] and site.status()["degraded"] is None


def test_port_taken(site: Supervised) -> None:
    """The verdict says who has the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        second = Layout(site.layout.root, http=site.layout.http)
        bundle = make_bundle(second, "v2")
        extra = json.loads(json.dumps(bootstrap(second, "v2")["static_resources"]["listeners"][0]))
        extra["name"], extra["address"]["socket_address"]["port_value"] = "second", port
        edit(bundle, "envoy.yaml", lambda config: config["static_resources"]["listeners"].append(extra))
        listener = {"name": "second", "address": "127.0.0.1", "port": port, "protocol": "tcp"}
        edit(bundle, "host.json", lambda host: host["listeners"].append(listener))
        verdict = site.reload(bundle)
        assert verdict["code"] == "EGC5118"
        assert str(port) in verdict["message"] and f"process {os.getpid()}" in verdict["message"]
    assert site.reload()["ok"]
    assert site.get(port) == "v2"


def test_check(site: Supervised) -> None:
    """`check` says the same as a reload and starts nothing; the running Envoy's ports are its own."""
    good, bad = make_bundle(site.layout, "v2"), make_bundle(site.layout, "bad")
    _unknown(bad)
    assert site.command("check", str(good)).returncode == 0
    done = site.command("check", str(bad))
    assert done.returncode == 1 and "error[EGC5122]" in done.stderr
    assert site.status()["epoch"] == 0


def test_dns_that_never_answers(layout: Layout) -> None:
    """An Envoy that waits for DNS is ended at its deadline; the admin socket comes back, and so do reloads."""
    with hanging(layout) as bundle, Supervised(layout, "--ready-timeout-s", "1.5") as site:
        with site.requests() as probe:
            assert site.reload(bundle)["code"] == "EGC5125"
            site.until(lambda: site.status()["epoch"] == 1)
            assert admin_epoch(layout) == 1
            assert site.status()["degraded"] is None
            assert site.reload(make_bundle(layout, "v3"))["epoch"] == 2
            probe.more()
        assert probe.failures == [] and set(probe.answers) == {"v1", "v3"}


def test_file_system_that_hangs(layout: Layout) -> None:
    """A bundle that cannot be read to its end holds nothing up, and is refused at the deadline."""
    with Supervised(layout, "--validate-timeout-s", "3") as site:
        bundle = make_bundle(layout, "v2")
        (bundle / "envoy.yaml").unlink()
        os.mkfifo(bundle / "envoy.yaml")
        verdicts: list[dict[str, Any]] = []
        waiting = threading.Thread(target=lambda: verdicts.append(site.reload(bundle)))
        waiting.start()
        site.until(lambda: site.state() == "reloading")
        assert site.get() == "v1"
        waiting.join()
        assert verdicts[0]["code"] == "EGC5123" and "3 s" in verdicts[0]["message"]
        assert site.reload(make_bundle(layout, "v3"))["ok"]


def test_second_supervisor(site: Supervised) -> None:
    """A second one in the same folder is refused, and the first runs on."""
    argv = [*PROGRAM, "run", str(site.layout.root / "dist-v1")]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert "error[EGC5110]" in second.stderr and str(site.process.pid) in second.stderr
    assert site.get() == "v1" and site.reload()["ok"]


def test_second_base_id(site: Supervised, tmp_path: Path) -> None:
    """Two sites with one base id on a host: the second is refused."""
    other = Layout(tmp_path / "other", http=free_port(), envoy={"baseId": site.layout.http})
    other.root.mkdir()
    second = subprocess.run(
        [*PROGRAM, "run", str(make_bundle(other))], capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 2 and "error[EGC5132]" in second.stderr
