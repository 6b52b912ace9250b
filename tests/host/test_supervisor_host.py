"""What a reload asks of the host: certificates, Envoy's version, workers, addresses, room."""

import errno
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from egc_host.bundle import Listener, read
from egc_host.supervisor import ports, shared_memory, sink

from tests.host.bundles import ENVOY, Layout, free_port, make_bundle, write_manifest
from tests.host.pairs import pair
from tests.host.supervised import Supervised, edit
from tests.needs import need


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Supervised]:
    """A supervisor that serves v1 with a certificate, and may not read what its user may not."""
    layout = Layout(tmp_path, lineages={"a": ["a.test"]}, reload="watch")
    pair("a.test").write(layout.certificates / "a" / "current")
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    # Root reads everything, unless it lacks these.
    powers = "-dac_override,-dac_read_search"
    limited = (need("setpriv"), f"--bounding-set={powers}", f"--inh-caps={powers}") if os.geteuid() == 0 else ()
    site.start(*limited)
    site.until(lambda: site.state() == "serving")
    yield site
    site.__exit__(None, None, None)


def test_certificates(secure: Supervised) -> None:
    """A key that is of another certificate, unreadable or missing is refused by its reason; Envoy would take it."""
    site, current = secure, secure.layout.certificates / "a" / "current"
    good = (current / "privkey.pem").read_bytes()
    make_bundle(site.layout, "v2")
    pair("a.test").write(current)
    (current / "privkey.pem").write_bytes(good)
    refusals = [site.reload(site.layout.root / "dist-v2")]
    pair("a.test").write(current)
    (current / "privkey.pem").chmod(0)
    refusals.append(site.reload())
    (current / "privkey.pem").unlink()
    refusals.append(site.reload())
    shutil.rmtree(site.layout.certificates / "a")
    refusals.append(site.reload())
    codes = [refusal["code"] for refusal in refusals]
    assert len(set(codes[:3])) == 3 and all(code.startswith("EGC52") for code in codes), codes
    assert "EGC5128" in [one["code"] for one in refusals[3]["findings"]]
    assert site.status()["epoch"] == 0 and site.get() == "v1"
    pair("a.test").write(current)
    assert site.reload()["ok"] and site.get() == "v2"


def wrapper(layout: Layout, version: str) -> Path:
    """An Envoy with another hot restart version."""
    path = layout.root / "envoy"
    path.write_text(f'#!/bin/sh\n[ "$1" = --hot-restart-version ] && echo {version} && exit\nexec {ENVOY} "$@"\n')
    path.chmod(0o755)
    return path


def test_other_hot_restart_version(layout: Layout) -> None:
    """One that cannot take over is refused; a cold start does it, and says so."""
    with Supervised(layout) as site:
        other = make_bundle(layout, "v2")
        edit(other, "host.json", lambda host: host["envoy"].update(path=str(wrapper(layout, "11.999"))))
        site.offer(other)
        refused = site.command("reload")
        assert refused.returncode == 1 and "error[EGC5117]" in refused.stderr and "--allow-cold" in refused.stderr
        assert site.get() == "v1"
        done = site.command("reload", "--allow-cold")
        assert done.returncode == 0 and "warning[EGC5133]" in done.stderr
        assert site.get() == "v2" and site.status()["hotRestart"] == "11.999"
        assert site.reload()["ok"]


def test_workers(layout: Layout) -> None:
    """More workers are taken at once; fewer only if the kernel moves waiting connections."""
    with Supervised(layout) as site:
        layout.envoy["concurrency"] = 3
        assert site.reload(make_bundle(layout, "v2"))["findings"] == []
        assert site.status()["concurrency"] == 3
        layout.envoy["concurrency"] = 2
        verdict = site.reload(make_bundle(layout, "v3"))
        moves = Path("/proc/sys/net/ipv4/tcp_migrate_req").read_text().strip() == "1"
        assert verdict["ok"] and site.status()["concurrency"] == (2 if moves else 3)
        assert [one["code"] for one in verdict["findings"]] == ([] if moves else ["EGC5129"])


def test_fewer_workers_with_one_socket(layout: Layout) -> None:
    """Without reuse_port there is nothing to lose."""
    layout.envoy["concurrency"] = 2

    def bundle(version: str) -> Path:
        made = make_bundle(layout, version)
        return edit(
            made,
            "envoy.yaml",
            lambda config: config["static_resources"]["listeners"][0].update(enable_reuse_port=False),
        )

    site = Supervised(layout)
    site.offer(bundle("v1"))
    with site:
        layout.envoy["concurrency"] = 1
        verdict = site.reload(bundle("v2"))
        assert verdict["ok"] and verdict["findings"] == [] and site.status()["concurrency"] == 1


def test_pinned(layout: Layout) -> None:
    """What one Envoy finds the next by stays until a restart, and that is said; so is a change of address."""
    with Supervised(layout) as site:
        bundle = make_bundle(layout, "v2")
        edit(bundle, "host.json", lambda host: host["envoy"].update(baseId=1))
        edit(bundle, "host.json", lambda host: host["listeners"][0].update(address="0.0.0.0"))
        address = {"address": "0.0.0.0", "port_value": layout.http}
        edit(
            bundle,
            "envoy.yaml",
            lambda config: config["static_resources"]["listeners"][0]["address"].update(socket_address=address),
        )
        verdict = site.reload(bundle)
        assert verdict["ok"] and {one["code"] for one in verdict["findings"]} == {"EGC5130", "EGC5131"}
        assert site.get() == "v2"
        assert site.reload(make_bundle(layout, "v3"))["ok"]


def test_address_more(layout: Layout) -> None:
    """A port that is bound at one more address moves nowhere."""
    with Supervised(layout) as site:
        bundle = make_bundle(layout, "v2")
        edit(
            bundle, "host.json", lambda host: host["listeners"].append({**host["listeners"][0], "address": "127.0.0.2"})
        )

        def listen(config: dict[str, Any]) -> None:
            listeners = config["static_resources"]["listeners"]
            more = json.loads(json.dumps(listeners[0]))
            more["name"] = "more"
            more["address"]["socket_address"]["address"] = "127.0.0.2"
            listeners.append(more)

        verdict = site.reload(edit(bundle, "envoy.yaml", listen))
        assert verdict["ok"] and verdict["findings"] == []


def test_no_room(layout: Layout) -> None:
    """A copy that fails half-way is removed, and the old one serves on."""
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    site.start(need("prlimit"), "--fsize=3000000")
    try:
        site.until(lambda: site.state() == "serving")
        big = make_bundle(layout, "v2")
        (big / "sds").mkdir()
        (big / "sds" / "big.yaml").write_bytes(b"#" * 4_000_000)
        listed(big, "sds/big.yaml")
        verdict = site.reload(big)
        assert verdict["code"] == "EGC5121" and "File too large" in verdict["message"]
        assert [path.name for path in (layout.run / "epochs").iterdir()] == ["0"]
        assert site.reload(make_bundle(layout, "v3"))["ok"] and site.get() == "v3"
    finally:
        site.__exit__(None, None, None)


def listed(bundle: Path, name: str) -> None:
    """Put a file into the manifest."""
    files = {path: (bundle / path).read_bytes() for path in (*read(bundle).files, name)}
    write_manifest(bundle, files)


def test_open_files(layout: Layout) -> None:
    """A limit that is too low is said."""
    layout.envoy["openFiles"] = 5000
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    site.start(need("prlimit"), "--nofile=512:4000")
    try:
        site.until(lambda: site.state() == "serving")
        assert "warning[EGC5120]: 4000 files" in site.logged()
    finally:
        site.__exit__(None, None, None)


def test_privileged_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that the user may not open, unless Envoy's executable has the capability itself."""
    monkeypatch.setattr(ports, "_try", lambda _: errno.EACCES)
    listener = Listener("x", "127.0.0.1", 1, "tcp")
    assert [one.kind.code for one in ports.problems([listener], (), capable=False)] == ["EGC5119"]
    assert ports.problems([listener], (), capable=True) == []


def test_udp_port(layout: Layout) -> None:
    """A UDP listener's port is looked up without taking datagrams away."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        listener = Listener("x", "0.0.0.0", server.getsockname()[1], "udp")
        assert [one.kind.code for one in ports.problems([listener], (), capable=False)] == ["EGC5118"]
        assert ports.problems([listener], (os.getpid(),), capable=False) == []


def test_unknown_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared memory of another version is left alone."""
    memory = tmp_path / "memory"
    monkeypatch.setattr(shared_memory, "path", lambda _: memory)
    assert shared_memory.initializing(0) is None and not shared_memory.clear(0)
    for size, version, known in ((104, 11, True), (104, 12, False), (112, 11, False)):
        words = [size, version, *[0] * 10, 3]
        before = b"".join(word.to_bytes(8, "little") for word in words)
        memory.write_bytes(before)
        assert shared_memory.clear(0) is known
        assert memory.read_bytes() == (before[:96] + (2).to_bytes(8, "little") if known else before)


def test_long_run_folder(layout: Layout) -> None:
    """A run folder that leaves no room for the names of sockets is refused at the start."""
    site = Supervised(layout, "--run-dir", f"{layout.root}/{'r' * 90}")
    site.offer(make_bundle(layout))
    site.start()
    assert site.process.wait(30) == 2
    assert "error[EGC5113]" in site.logged()
    assert len(sink.longest(Path("/run/egc"), 0)) < 107


def test_admin_port(layout: Layout) -> None:
    """The admin interface may be at a port, which has to be free or ours."""
    port = free_port()

    def bundle(version: str) -> Path:
        made = make_bundle(layout, version)
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        edit(made, "envoy.yaml", lambda config: config["admin"].update(address=address))
        return edit(made, "host.json", lambda host: host["envoy"].update(admin=f"127.0.0.1:{port}"))

    with Supervised(layout) as site:
        with socket.create_server(("127.0.0.1", port)):
            assert site.reload(bundle("v2"))["code"] == "EGC5118"
        assert site.reload()["ok"] and site.reload(bundle("v3"))["ok"]
        assert site.get() == "v3"
