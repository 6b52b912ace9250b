"""`egc-site doctor`: each thing that a host may lack is found, and a host that lacks nothing is told so."""

import errno
import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from egc_host import site
from egc_host.bundle import Backend, Bundle, load
from egc_host.certificates import placeholder
from egc_host.doctor import checks, configuration, network, programs, system
from egc_host.doctor.subject import Subject, Unseen
from egc_host.findings import Finding
from egc_host.findings import certificates as certificate_findings
from egc_host.releases.places import Places

from tests.host.sites import Host, Served, digest

Check = Callable[[Subject], Iterable[Finding]]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with a bundle that lacks nothing."""
    return Host(tmp_path / "h")


def looked(host: Host, check: Check, status: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    """The codes of what a check finds; *changes* are of the bundle."""
    bundle: Bundle = replace(load(host.bundle()), **changes)
    return [finding.kind.code for finding in check(Subject(Places(bundle, host.root), status))]


def envoy(host: Host, **changes: Any) -> Any:
    """The bundle's Envoy, changed."""
    return replace(load(host.bundle()).envoy, **changes)


def setting(monkeypatch: pytest.MonkeyPatch, **values: int | None) -> None:
    """Let the kernel's settings be these; underscores stand for slashes of what is left out."""
    monkeypatch.setattr(system, "setting", lambda name: values.get(name.rpartition("/")[2]))


def test_a_host_that_lacks_nothing(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors there are none, for whoever asks; the last line counts what there is."""
    bundle = host.bundle()
    assert site.main(["doctor", "--prefix", str(host.root), "--bundle", str(bundle)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("no errors, ")


def test_what_is_wrong_has_a_code(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, with the exit code 1."""
    host.layout.envoy = {"path": str(host.root / "none")}
    bundle = host.bundle()
    assert site.main(["doctor", "--json", "--prefix", str(host.root), "--bundle", str(bundle)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in told["findings"] if one["severity"] == "error"] == ["EGC5115"]


def test_of_a_site_that_is_served() -> None:
    """Its own ports are no surprise, and nothing is wrong."""
    with Served() as served:
        host = served.host
        assert digest(served.first) == host.current()
        done = host.run("doctor")
        assert done.returncode == 0, done.stderr
        with socket.create_server(("127.0.0.1", 0)) as other:
            host.layout.https = other.getsockname()[1]
            host.layout.lineages = {"shop": ["shop.example"]}
            found = host.run("doctor", "--bundle", host.bundle("v2"))
    assert found.returncode == 1
    assert f"error[EGC5118]: tcp port {host.layout.https} of 127.0.0.1 is taken by " in found.stderr
    assert str(host.layout.http) not in found.stderr


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("/lib/libc.so.6: version `GLIBC_2.99' not found", "EGC5400"),
        ("segmentation fault", "EGC5115"),
    ],
)
def test_an_envoy_that_does_not_run(host: Host, said: str, code: str) -> None:
    """An old C library is told apart from all else."""
    program = host.root / "envoy"
    host.root.mkdir(parents=True)
    (host.root / "said").write_text(said)
    program.write_text(f"#!/bin/sh\ncat {host.root}/said >&2\nexit 1\n")
    program.chmod(0o755)
    host.layout.envoy = {"path": str(program)}
    assert looked(host, configuration.configuration) == [code]


def test_an_envoy_without_its_loader(host: Host) -> None:
    """As on musl: the program is there and cannot be found."""
    program = host.root / "envoy"
    host.root.mkdir(parents=True)
    program.write_text("#!/lib64/no-such-loader\n")
    program.chmod(0o755)
    host.layout.envoy = {"path": str(program)}
    assert looked(host, configuration.configuration) == ["EGC5400"]


def test_another_envoy(host: Host) -> None:
    """Than the bundle was built for."""
    host.layout.envoy = {"version": "1.38.2"}
    assert looked(host, configuration.configuration) == ["EGC5116"]


def test_certificates(host: Host) -> None:
    """What is wrong with them is told; a placeholder is no error."""
    host.layout.lineages = {"shop": ["shop.example"]}
    missing = [certificate_findings.MISSING.code] * 2
    assert [code for code in looked(host, configuration.configuration) if code in missing] == missing
    placeholder.ensure(load(host.bundle()))
    assert looked(host, configuration.configuration) == [certificate_findings.PLACEHOLDER.code]


def test_python(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too old."""
    assert looked(host, programs.python) == []
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))
    assert looked(host, programs.python) == ["EGC5403"]


def test_a_user_that_is_gone(host: Host) -> None:
    """Of an installed site; before an install there need be none."""
    bundle = replace(load(host.bundle()), envoy=envoy(host, user="egc-nobody"), releases=host.root / "opt")
    places = Places(bundle, None)
    assert not list(system.user(Subject(places, None)))
    places.root.mkdir(parents=True)
    places.current.symlink_to("releases/0")
    assert [finding.kind.code for finding in system.user(Subject(places, None))] == ["EGC5402"]


def test_capabilities(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first process does not have, unless the kernel asks for nothing."""
    needing = envoy(host, capabilities=("CAP_NET_BIND_SERVICE",))
    bundle = load(host.bundle())
    low = tuple(replace(listener, port=80) for listener in bundle.listeners)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "CapBnd:\t00000000000003ff\n")
    monkeypatch.setattr(system, "setting", lambda _: 1024)
    subject = Subject(Places(replace(bundle, envoy=needing, listeners=low), host.root), None)
    assert [finding.kind.code for finding in system.capabilities(subject)] == ["EGC5401"]
    monkeypatch.setattr(system, "setting", lambda _: 0)
    assert not list(system.capabilities(subject))


def test_limits(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open files, and files that can be watched."""
    setting(monkeypatch, nr_open=512, max_user_watches=3, max_user_instances=2)
    assert looked(host, system.open_files) == ["EGC5406"]
    assert looked(host, system.inotify) == []
    assert looked(host, system.inotify, reload="watch") == ["EGC5407"] * 2
    setting(monkeypatch, nr_open=2**20, max_user_watches=2**20, max_user_instances=128)
    assert looked(host, system.open_files) == looked(host, system.inotify, reload="watch") == []


def test_migration_of_requests(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that has it switched off, or does not know it."""
    for value, codes in ((0, ["EGC5409"]), (None, ["EGC5409"]), (1, [])):
        setting(monkeypatch, tcp_migrate_req=value)
        assert looked(host, system.migration) == codes


@pytest.mark.parametrize(("free", "codes"), [(2**40, []), (50 * 2**20, ["EGC5405"]), (1000, ["EGC5404"])])
def test_disk(host: Host, monkeypatch: pytest.MonkeyPatch, free: int, codes: list[str]) -> None:
    """Each file system is looked at once."""
    real = shutil.disk_usage(host.root.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=free))
    assert looked(host, system.disk) == codes


@pytest.mark.parametrize(("available", "served", "short"), [(300, True, False), (300, False, True), (100, True, True)])
def test_memory(host: Host, monkeypatch: pytest.MonkeyPatch, available: int, *, served: bool, short: bool) -> None:
    """Two Envoys must fit; where one is there, there need be room for one more."""
    bundle = replace(load(host.bundle()), envoy=envoy(host, memory=200 * 2**20))
    meminfo = f"MemTotal: 1 kB\nMemAvailable: {available * 1024} kB\nSwapFree: 0 kB\n"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: meminfo)
    subject = Subject(Places(bundle, host.root), {"pid": 1, "draining": []} if served else None)
    assert [finding.kind.code for finding in system.memory(subject)] == ["EGC5408"] * short


def test_clock(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says whether it was told the time; if it says nothing, that is told."""
    assert system.clock_state() >= -1
    for state, codes in ((0, []), (5, ["EGC5410"])):
        monkeypatch.setattr(system, "clock_state", lambda state=state: state)
        assert looked(host, system.clock) == codes
    monkeypatch.setattr(system, "clock_state", lambda: -1)
    with pytest.raises(Unseen):
        looked(host, system.clock)


def test_an_address_of_another_host(host: Host) -> None:
    """A listener on an address that no interface has is an error, where the host is looked at."""
    elsewhere = tuple(
        replace(one, address="192.0.2.1", port=0x8000 + i) for i, one in enumerate(load(host.bundle()).listeners)
    )
    found = list(
        configuration.listeners(Subject(Places(replace(load(host.bundle()), listeners=elsewhere), host.root), None))
    )
    assert {(one.kind.code, one.kind.severity) for one in found} == {("EGC5124", "error")}
    assert "192.0.2.1 is not an address of this host" in found[0].message
    assert looked(host, configuration.listeners, listeners=elsewhere, target="compose") == []


def test_certbot(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is missed only if it has something to do, and not where an image brings it."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert looked(host, programs.certbot) == []
    host.layout.lineages = {"shop": ["shop.example"]}
    assert looked(host, programs.certbot) == ["EGC5412"]
    assert looked(host, programs.certbot, target="compose") == []


def test_timers(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer of the bundle that is off."""
    bundle = replace(load(host.bundle()), releases=host.root / "opt")
    places = Places(bundle, None)
    places.root.mkdir(parents=True)
    places.current.symlink_to("releases/0")
    monkeypatch.setattr(programs, "succeeds", lambda *command: "is-active" not in command)
    (found,) = programs.enabled_timers(Subject(places, None))
    assert (found.kind.code, found.message) == ("EGC5413", "egc-cert-sync.timer is not enabled, or not active")


def test_backends(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name that does not resolve, a port nobody listens on, a resolver that never answers, a socket that is gone."""
    over = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(name: str, *rest: Any, **more: Any) -> Any:
        if name == "silent.test":
            over.wait()
        if name.endswith(".test"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(name, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(network, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as good, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        backends = (
            Backend("a", "127.0.0.1", good.getsockname()[1]),
            Backend("b", "127.0.0.1", closed.getsockname()[1]),
            Backend("c", "missing.test", 80),
            Backend("d", "silent.test", 80),
            Backend("e", path=str(tmp_path / "gone.sock")),
        )
        bundle = replace(load(host.bundle()), backends=backends)
        found = [(one.kind.code, one.message[:1]) for one in network.backends(Subject(Places(bundle, None), None))]
    over.set()
    assert found == [("EGC5415", "b"), ("EGC5414", "c"), ("EGC5414", "d"), ("EGC5415", "e")]


def test_firewall(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which firewall there is, and how to look; not for a site that only this host can reach."""
    conf = tmp_path / "ufw.conf"
    conf.write_text("ENABLED=yes\n")
    monkeypatch.setattr(network, "UFW", conf)
    monkeypatch.setattr(network, "FIREWALLD", tmp_path)
    monkeypatch.setattr(network, "present", lambda _: True)
    monkeypatch.setattr(network, "run", lambda *_: "type filter hook input priority 0; policy drop;")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert looked(host, network.firewall) == []
    outside = tuple(replace(one, address="0.0.0.0") for one in load(host.bundle()).listeners)
    assert looked(host, network.firewall, listeners=outside) == ["EGC5411"] * 3
    bundle = replace(load(host.bundle()), listeners=(replace(outside[0], published=80),))
    assert "clients need 80/tcp" in next(iter(network.firewall(Subject(Places(bundle, host.root), None)))).message
    conf.write_text("ENABLED=no\n")
    monkeypatch.setattr(network, "FIREWALLD", tmp_path / "none")
    monkeypatch.setattr(network, "run", lambda *_: "policy accept;")
    assert looked(host, network.firewall, listeners=outside) == []


def test_what_cannot_be_seen(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the other checks go on."""

    def blind(_: Subject) -> list[Finding]:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), "/proc/1/status")

    found = checks.examine(Places(load(host.bundle()), host.root), [blind, programs.python])
    assert [(one.kind.code, one.message) for one in found] == [("EGC5416", "/proc/1/status: Permission denied")]
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Unseen):
        looked(host, configuration.listeners)
