"""`egc-site` for who may not look everywhere, and what it says when something fails that nobody thought of."""

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from egc_host import site
from egc_host.releases import report
from egc_host.supervisor import client

from tests.host.sites import Host, surroundings

Told = pytest.CaptureFixture[str]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An empty host."""
    return Host(tmp_path / "host")


def denied(path: Any) -> PermissionError:
    """What the system says of a path behind a closed door."""
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def ordinary(host: Host, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of a host whose run folder and certificates are hidden from whoever runs this."""
    host.layout.lineages = {"shop": ["shop.example"]}
    folders = host.layout.certificates, host.layout.run
    releases = {"releases": str(host.root / "opt"), "textfile": str(host.root / "metrics")}
    places = {"run": str(host.layout.run), "state": str(host.root / "state")}
    bundle = host.bundle(directories={**places, **releases})
    stat, access = os.stat, os.access

    def look(path: Any, *rest: Any, **more: Any) -> os.stat_result:
        if not isinstance(path, int) and set(folders) & set(Path(os.fsdecode(path)).parents):
            raise denied(path)
        return stat(path, *rest, **more)

    def ask(*_: object, **__: object) -> dict[str, Any]:
        raise client.NotRunning(f"{host.layout.run}/ctl.sock: Permission denied") from denied(None)

    monkeypatch.setattr(os, "stat", look)
    monkeypatch.setattr(os, "access", lambda path, *rest: path not in folders and access(path, *rest))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(client, "ask", ask)
    return bundle


def test_a_dry_run(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Told) -> None:
    """What cannot be seen is told, and nothing is made up about it."""
    bundle = ordinary(host, monkeypatch)
    assert site.main(["install", str(bundle), "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert f"warning[EGC5416]: {host.layout.run} and {host.layout.certificates}: " in err
    assert "placeholder" not in out and "check this host" not in out
    assert "start egc-envoy.service, or reload it if it serves\n" in out


@pytest.mark.parametrize("command", ["status", "reload", "rollback", "restart"])
def test_commands_that_need_root(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Told, command: str) -> None:
    """They say so."""
    bundle = ordinary(host, monkeypatch)
    assert site.main([command, "--bundle", str(bundle)]) == 1
    assert "error[EGC5301]" in capsys.readouterr().err


def test_certificates_need_root(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Told) -> None:
    """To look at them, too."""
    bundle = ordinary(host, monkeypatch)
    assert site.main(["certs", "check", "--bundle", str(bundle)]) == 1
    assert f"error[EGC5301]: {host.layout.certificates}/shop/current: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "reload", "rollback", "restart"])
def test_before_any_install(host: Host, command: str) -> None:
    """There is nothing to take up, and no lock to look for."""
    refused = host.run(command, "--bundle", host.bundle())
    assert refused.returncode == 1
    assert f"error[EGC5321]: there is no {host.site}/current\n" in refused.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (OSError(errno.EIO, "Input/output error", "/some/file"), 1, "error[EGC5305]: /some/file: Input/output error\n"),
        (denied("/some/file"), 1, "error[EGC5301]: /some/file: Permission denied\n"),
        (ZeroDivisionError("no number"), 3, "error[EGC5322]: ZeroDivisionError at site.py:"),
    ],
)
def test_what_nobody_thought_of(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: Told, error: Exception, code: int, told: str
) -> None:
    """An error of the system is a finding; a defect is one line that says where."""

    def fail(_: object) -> str:
        raise error

    bundle = host.bundle()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(report, "releases", fail)
    assert site.main(["releases", "--bundle", str(bundle)]) == code
    err = capsys.readouterr().err
    assert err.startswith(told)
    assert len(err.splitlines()) == 2  # with the help


@pytest.mark.parametrize(
    ("where", "code", "told"), [("| true", 0, ""), (">/dev/full", 1, "error[EGC5305]: No space left on device\n")]
)
def test_a_reader_who_goes(host: Host, where: str, code: int, told: str) -> None:
    """It is no reason to fail; what nobody got for want of room is one."""
    command = host.command("install", host.bundle(), "--dry-run")
    script = ["bash", "-c", f'"$@" {where}; exit ${{PIPESTATUS[0]}}', "bash", *command]
    buffered = surroundings(PYTHONUNBUFFERED="")  # as on a host
    said = subprocess.run(script, capture_output=True, text=True, check=False, env=buffered)
    assert said.returncode == code
    assert said.stderr.startswith(told) and "Exception" not in said.stderr
