"""What an install asks of systemctl, useradd and docker; here they are scripts that write down how they are called."""

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from egc_host.findings import Refusal
from egc_host.releases import account, commands
from egc_host.releases.service import _verdict

from tests.host.bundles import free_port
from tests.host.sites import FILES, Host, Served, digest, surroundings

_MANAGED = """
import sys
from egc_host.releases import command, service
from egc_host.site import main

command.service_of = service.Systemd
sys.exit(main())
"""
"""As without a prefix, but below one."""


class Programs:
    """Programs in a folder of their own, first on PATH."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._calls = folder, folder / "calls"
        folder.mkdir()

    def add(self, name: str, script: str = "") -> None:
        """A program that writes down how it is called, and then does what *script* says."""
        path = self._folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self._calls}\n{script}\n')
        path.chmod(0o755)

    @property
    def path(self) -> str:
        """The PATH with them."""
        return f"{self._folder}:{os.environ['PATH']}"

    def called(self) -> list[str]:
        """The calls since the last time."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return lines


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Such a folder, with a systemctl that always does as it is told, and without a say in what is this host's."""
    programs = Programs(tmp_path / "bin")
    programs.add("systemctl", 'case "$1" in is-*) exit 1;; esac')
    for name in ("sysctl", "systemd-sysusers", "systemd-tmpfiles", "useradd"):
        programs.add(name)
    programs.add("journalctl", "echo 'error[EGC5122]: what Envoy said'")
    return programs


@pytest.fixture
def served() -> Iterator[Served]:
    """A host whose supervisor already runs, as if systemd had started it."""
    with Served() as served:
        yield served


def managed(host: Host, programs: Programs, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Install as on a real host, with its programs."""
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    command = [sys.executable, "-c", _MANAGED, *host.command("install", *arguments)[3:]]
    environment = surroundings(PATH=programs.path)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def unasked(calls: list[str]) -> list[str]:
    """The calls that change something."""
    return [call for call in calls if not call.startswith("systemctl is-")]


def test_systemd_is_told_what_changed(served: Served, programs: Programs) -> None:
    """Units are made known, the kernel gets one file, timers are enabled or disabled, and Envoy reloads."""
    host = served.host
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    files = {name: text + b"# changed\n" for name, text in FILES.items() if name.endswith(("service", "sysctl.conf"))}
    done = managed(host, programs, host.bundle("v2", {**files, "systemd/egc-cert-sync.timer": None}))
    assert done.returncode == 0, done.stderr
    assert unasked(programs.called()) == [
        "systemctl disable --now egc-cert-sync.timer",
        f"sysctl --quiet --load {host.root}/etc/sysctl.d/60-egc-envoy.conf",
        "systemctl daemon-reload",
    ]
    assert served.version() == "v2"
    done = managed(host, programs, host.bundle("v3", files))
    assert unasked(programs.called()) == ["systemctl daemon-reload", "systemctl enable --now egc-cert-sync.timer"]


def test_a_first_start_that_fails(tmp_path: Path, programs: Programs) -> None:
    """The reason is shown; nothing stays enabled, in /etc, or current."""
    host = Host(tmp_path / "h")
    programs.add("systemctl", 'case "$*" in is-*|"enable --now egc-envoy.service") exit 1;; esac')
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    refused = managed(host, programs, host.bundle())
    assert refused.returncode == 1
    assert "error[EGC5309]" in refused.stderr and "what Envoy said" in refused.stderr
    calls = unasked(programs.called())
    assert calls[calls.index("systemctl enable --now egc-envoy.service") :] == [
        "systemctl enable --now egc-envoy.service",
        "journalctl --unit egc-envoy.service --lines 12 --output cat --no-pager",
        "systemctl disable --now egc-cert-sync.timer",
        "systemctl disable --now egc-envoy.service",
        "systemctl reset-failed egc-envoy.service",
        "systemctl daemon-reload",
    ]
    assert host.current() is None
    assert not host.releases()
    assert not [path for path in (host.root / "etc").rglob("*") if path.is_file()]


def test_a_host_that_is_not_ready(tmp_path: Path, programs: Programs) -> None:
    """What would keep Envoy from starting is found before anything is started."""
    host = Host(tmp_path / "h")
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    host.layout.envoy["path"] = str(tmp_path / "no-envoy")
    refused = managed(host, programs, host.bundle())
    assert refused.returncode == 1
    assert "error[EGC5115]" in refused.stderr and "error[EGC5319]" in refused.stderr
    assert not unasked(programs.called())
    assert host.current() is None


def test_a_program_that_fails(tmp_path: Path, programs: Programs) -> None:
    """Its last words are the reason, and everything is put back."""
    host = Host(tmp_path / "h")
    programs.add("systemctl", 'case "$1" in is-*) exit 1;; daemon-reload) echo no bus >&2; exit 1;; esac')
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    refused = managed(host, programs, host.bundle())
    assert refused.returncode == 1
    assert "error[EGC5308]: systemctl daemon-reload: no bus" in refused.stderr
    assert host.current() is None


def test_restart_where_cold_is_allowed(served: Served, programs: Programs) -> None:
    """What a hot restart cannot bring, a new unit may; if that fails too, the old one is restarted."""
    host = served.host
    host.layout.envoy["user"] = pwd.getpwuid(os.geteuid()).pw_name
    host.layout.http = free_port()
    with socket.create_server(("127.0.0.1", host.layout.http)):
        bundle = host.bundle("v2", {"systemd/egc-envoy.service": b"[Service]\n"})
        refused = managed(host, programs, bundle, "--allow-cold")
    assert refused.returncode == 1
    assert "error[EGC5118]" in refused.stderr
    assert unasked(programs.called()) == [
        "systemctl daemon-reload",
        "systemctl restart egc-envoy.service",
        "systemctl daemon-reload",
        "systemctl restart egc-envoy.service",
    ]
    assert host.current() == digest(served.first)


def test_what_fails_after_the_reload(served: Served, programs: Programs) -> None:
    """The release before is current again, and taken up again."""
    programs.add("systemctl", 'case "$*" in is-*|"enable --now egc-cert-sync.timer") exit 1;; esac')
    epoch = served.status()["epoch"]
    refused = managed(served.host, programs, served.host.bundle("v2"))
    assert refused.returncode == 1
    assert "error[EGC5308]: systemctl enable --now egc-cert-sync.timer: " in refused.stderr
    assert served.host.current() == served.status()["digest"] == digest(served.first)
    assert (served.version(), served.status()["epoch"]) == ("v1", epoch + 2)


def test_a_user_is_made(tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """As sysusers.conf says, or by useradd; that it exists then is verified."""
    monkeypatch.setenv("PATH", programs.path)
    conf = tmp_path / "sysusers.conf"
    with pytest.raises(Refusal) as refused:
        account.make("egc-nobody", conf)
    assert refused.value.finding.kind.code == "EGC5307"
    conf.touch()
    with pytest.raises(Refusal):
        account.make("egc-nobody", conf)
    assert programs.called() == [
        "useradd --system --no-create-home --user-group --shell /usr/sbin/nologin egc-nobody",
        f"systemd-sysusers {conf}",
    ]


def test_programs_of_root(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found where `su` leaves their folder out of PATH."""
    monkeypatch.setattr(commands, "SYSTEM", programs.path)
    monkeypatch.setenv("PATH", programs.path.partition(":")[0])
    assert commands.present("sh") and commands.run("sh", "-c", "echo run") == "run\n"


def test_a_refusal_without_a_reason() -> None:
    """A verdict without a code has one of ours."""
    with pytest.raises(Refusal) as refused:
        _verdict({"ok": False, "code": None, "message": ""})
    assert refused.value.finding.kind.code == "EGC5318"


_DOCKER = """
case "$*" in
*" status --json") cat {state}/status ;;
*" reload")
    echo "Compose says something" >&2
    printf 'warning[EGC5206]: what is told\n  help: what to do\n' >&2
    cp {state}/next {state}/status ;;
*) exit 1 ;;
esac
"""


def test_compose(tmp_path: Path, programs: Programs) -> None:
    """The first time the command is shown; later the supervisor is asked inside the container, and verified."""
    host = Host(tmp_path / "h")
    programs.add("docker", _DOCKER.format(state=tmp_path))
    host.layout.lineages = {"shop": ["shop.example"]}
    files = {"compose.yaml": b"", **{name: None for name in FILES if name.startswith("systemd/")}}
    first, second = (host.bundle(version, files, target="compose") for version in ("v1", "v2"))
    compose = f"docker compose --file {host.site}/current/compose.yaml"
    planned = host.run("install", first, "--dry-run", PATH=programs.path)
    done = host.run("install", first, PATH=programs.path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"start it with: {compose} up --detach --build"
    assert planned.stdout.splitlines() == [*done.stdout.splitlines()[:-2], done.stdout.splitlines()[-1]]
    assert not (host.root / "etc").exists()
    # The folders of the containers' volumes are not the host's.
    assert Path(host.layout.pair("shop")[0]).exists() and not list((host.root / "state").iterdir())
    shown = host.run("status", PATH=programs.path)
    assert "error[EGC5313]" in shown.stderr and f"help: start it with: {compose} up" in shown.stderr
    for name, bundle in (("status", first), ("next", second)):
        told = {"digest": digest(bundle), "state": "serving", "lastReload": {"ok": True}}
        (tmp_path / name).write_text(json.dumps(told))
    programs.called()
    done = host.run("install", second, PATH=programs.path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "warning[EGC5206]: what is told\n  help: what to do\n"
    assert f"{compose} exec -T gateway egc-envoy reload" in programs.called()
    assert host.current() == digest(second)
    (tmp_path / "next").unlink()
    refused = host.run("reload", PATH=programs.path)
    assert refused.returncode == 1 and "error[EGC5318]: cp: " in refused.stderr  # the verdict there is, is an older one
