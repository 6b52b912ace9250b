"""The units, and what goes with them, as the programs judge them that read them."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.host.units import VALUES, files, settings, write
from tests.needs import need

SERVICES = ("egc-envoy.service", "egc-certbot.service", "egc-cert-sync.service")
UNITS = (*SERVICES, "egc-certbot.timer", "egc-cert-sync.timer")
EXPOSURE = {"egc-envoy.service": 15, "egc-certbot.service": 30, "egc-cert-sync.service": 23}
"""Ten times what `systemd-analyze security` may say."""

SITES: dict[str, dict[str, Any]] = {
    "low port": {},
    "high port": {"capabilities": []},
    "Lua": {"memory_deny_write_execute": False},
    "limits and logs": {"memory": 256 << 20, "logs": ["/var/log/site/access.log", "/var/log/site.log"]},
    "elsewhere": {
        "run": "/srv/egc/run",
        "admin": "/srv/egc/run/admin.sock",
        "state": "/srv/egc/state",
        "releases": "/home/me/egc",
        "current": "/home/me/egc/site/current",
        "textfile": "/var/lib/prometheus/node-exporter",
        "certificates": "/srv/egc/tls",
        "envoy": "/home/me/bin/envoy",
    },
    "slashes": {"run": "/run/egc/", "state": "/var/lib/egc/", "certificates": "/etc/egc/tls/"},
    "odd paths": {"paths": ["/home/me/app.sock", "/tmp/app.sock", "/etc/letsencrypt/live/site/fullchain.pem"]},
}


def run(*command: str | os.PathLike[str], **options: Any) -> str:
    """What a program says, standard error included; the test fails if it does."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60, **options
    )
    assert done.returncode == 0, done.stdout
    said: str = done.stdout
    return said


@pytest.mark.parametrize("site", SITES)
def test_systemd_finds_nothing_wrong(site: str, tmp_path: Path) -> None:
    """No unknown name, no bad value, no warning."""
    analyze = need("systemd-analyze")
    changes = SITES[site]
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("egc-envoy", "egc-site", "egc-cert-sync"):
        (programs / name).touch(0o755)
    texts = files("systemd", **changes)
    current = (VALUES | changes)["current"]
    texts = {name: text.replace(f"{current}/bin", str(programs)) for name, text in texts.items()}
    assert not run(analyze, "verify", "--man=no", *write(tmp_path / "units", texts, UNITS))


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("service", SERVICES)
def test_exposure(site: str, service: str, tmp_path: Path) -> None:
    """The services are as closed as can be: `systemd-analyze security` measures it."""
    analyze = need("systemd-analyze")
    (unit,) = write(tmp_path, files("systemd", **SITES[site]), [service])
    threshold = EXPOSURE[service] + (2 if site == "odd paths" else 0)  # a home is read, and /tmp is everybody's
    said = run(analyze, "security", "--offline=true", f"--threshold={threshold}", "--no-pager", unit)
    assert "Overall exposure level" in said


def test_only_low_ports_need_a_capability() -> None:
    """Without one there is none to be had, not even root's of a namespace."""
    low = settings(files("systemd")["egc-envoy.service"])
    assert low["CapabilityBoundingSet"] == low["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert "PrivateUsers" not in low  # the capability would be one of the namespace, and open no port
    high = settings(files("systemd", capabilities=[])["egc-envoy.service"])
    assert high["CapabilityBoundingSet"] == high["AmbientCapabilities"] == [""]


def test_lua_may_write_code() -> None:
    """Under MemoryDenyWriteExecute, Envoy's LuaJIT panics at the start."""
    assert settings(files("systemd")["egc-envoy.service"])["MemoryDenyWriteExecute"] == ["yes"]
    lua = files("systemd", memory_deny_write_execute=False)
    assert "MemoryDenyWriteExecute" not in settings(lua["egc-envoy.service"])


def test_what_the_site_uses_is_in_reach() -> None:
    """Sockets in homes and in /tmp, and certbot's own files if the profile names them."""
    usual = settings(files("systemd")["egc-envoy.service"])
    assert (usual["ProtectHome"], usual["PrivateTmp"]) == (["yes"], ["yes"])
    assert usual["InaccessiblePaths"] == ["-/etc/letsencrypt"]
    odd = settings(files("systemd", **SITES["odd paths"])["egc-envoy.service"])
    assert odd["ProtectHome"] == ["read-only"]
    assert not {"PrivateTmp", "InaccessiblePaths"} & odd.keys()
    assert settings(files("systemd", **SITES["elsewhere"])["egc-envoy.service"])["ProtectHome"] == ["read-only"]


def test_the_admin_socket_elsewhere() -> None:
    """Its folder can be written to, whether it is there or not, and /tmp is the one that others see."""
    elsewhere = settings(files("systemd", admin="/srv/admin/envoy.sock")["egc-envoy.service"])
    assert elsewhere["ReadWritePaths"] == ["-/srv/admin"]
    assert "PrivateTmp" not in settings(files("systemd", admin="/tmp/envoy.sock")["egc-envoy.service"])
    assert "ReadWritePaths" not in settings(files("systemd", admin="127.0.0.1:9901")["egc-envoy.service"])


def test_folders_that_are_written_to() -> None:
    """systemd makes those below /run and /var/lib; others are named, and made by tmpfiles.conf."""
    usual = settings(files("systemd")["egc-envoy.service"])
    assert (usual["RuntimeDirectory"], usual["StateDirectory"]) == (["egc"], ["egc/envoy"])
    assert "ReadWritePaths" not in usual
    texts = files("systemd", **SITES["elsewhere"])
    elsewhere = settings(texts["egc-envoy.service"])
    assert not {"RuntimeDirectory", "StateDirectory"} & elsewhere.keys()
    assert elsewhere["ReadWritePaths"] == ["/srv/egc/run /srv/egc/state/envoy"]
    for line in ("d /srv/egc/run 0750 envoy -", "d /srv/egc/state/envoy 0755 envoy -"):
        assert line in texts["tmpfiles.conf"].splitlines()
    for service in ("egc-cert-sync.service", "egc-certbot.service"):
        unit = settings(files("systemd")[service])
        assert unit["ReadWritePaths"][-1].split()[:2] == ["/etc/egc/tls", "/var/lib/egc"]
        assert unit["ProtectSystem"] == ["strict"]
    logs = settings(files("systemd", logs=["/var/log/a/x.log", "/var/log/a/y.log"])["egc-envoy.service"])
    assert logs["ReadWritePaths"] == ["/var/log/a"]


def test_every_setting_has_its_line() -> None:
    """A template that loses a line break joins two settings, which systemd may take for a path."""
    for changes in SITES.values():
        for name, text in files("systemd", **changes).items():
            if name in UNITS:
                values = [value for values in settings(text).values() for value in values]
                assert not [value for value in values if "=" in value and not value.startswith("/dev/shm:")]


def test_times_leave_room() -> None:
    """systemd waits longer than the supervisor may take: for a drain to stop, for another one to reload."""
    unit = settings(files("systemd", stop_drain_time=60, parent_shutdown_time=600)["egc-envoy.service"])
    assert int(unit["TimeoutStopSec"][0]) > 60
    assert int(unit["TimeoutStartSec"][0]) > 600
    sync = settings(files("systemd", parent_shutdown_time=600)["egc-cert-sync.service"])
    assert int(sync["TimeoutStartSec"][0]) > 600


def test_memory_for_two_generations() -> None:
    """A limit leaves room for the process that drains."""
    unit = settings(files("systemd", memory=1 << 30)["egc-envoy.service"])
    assert int(unit["MemoryMax"][0]) > 2 << 30
    assert "MemoryMax" not in settings(files("systemd")["egc-envoy.service"])


def test_sysusers(tmp_path: Path) -> None:
    """The user is made, once."""
    sysusers = need("systemd-sysusers")
    (path,) = write(tmp_path, files("systemd"), ["sysusers.conf"])
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    assert "user 'envoy'" in run(sysusers, "--dry-run", f"--root={root}", path)
    (root / "etc" / "passwd").write_text("envoy:x:900:900::/:/usr/sbin/nologin\n", encoding="utf-8")
    (root / "etc" / "group").write_text("envoy:x:900:\n", encoding="utf-8")
    assert "Creating" not in run(sysusers, "--dry-run", f"--root={root}", path)


def test_tmpfiles(tmp_path: Path) -> None:
    """Folders, logs and the link for the metrics are made; what is there already keeps its mode."""
    tmpfiles = need("systemd-tmpfiles")
    log = "/var/log/site/access.log"
    (path,) = write(tmp_path, files("systemd", logs=[log], run="/srv/run"), ["tmpfiles.conf"])
    root = tmp_path / "root"
    (root / "etc" / "egc" / "tls").mkdir(parents=True)
    (root / "etc" / "egc" / "tls").chmod(0o700)
    user = f"envoy:x:{os.getuid()}:{os.getgid()}::/:/usr/sbin/nologin\n"
    (root / "etc" / "passwd").write_text(user, encoding="utf-8")
    for _ in range(2):
        run(tmpfiles, "--create", f"--root={root}", path)
        assert (root / "var/lib/egc/metrics/egc_envoy.prom").readlink() == Path("/var/lib/egc/envoy/egc_envoy.prom")
        modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in ("etc/egc/tls", "var/lib/egc", "srv/run")}
        assert modes == {"etc/egc/tls": 0o700, "var/lib/egc": 0o755, "srv/run": 0o750}
        assert stat.S_IMODE((root / log[1:]).stat().st_mode) == 0o640
        assert (root / "var/log/letsencrypt").is_dir()


def test_logrotate(tmp_path: Path) -> None:
    """Logs are rotated, with mode and owner kept, whether the service runs or not."""
    logrotate = need("logrotate")
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    logs = [folder / "a.log", folder / "b.log"]
    for log in logs:
        log.touch()
        log.chmod(0o640)
        log.write_text("a line\n", encoding="utf-8")
    (path,) = write(tmp_path / "etc", files("systemd", logs=[str(log) for log in logs]), ["logrotate.conf"])
    path.chmod(0o644)
    assert "error" not in run(logrotate, "--debug", path)
    run(logrotate, "--force", "--state", tmp_path / "state", path)
    for log in logs:
        assert log.with_suffix(".log.1").read_text(encoding="utf-8") == "a line\n"
        assert (log.read_bytes(), stat.S_IMODE(log.stat().st_mode)) == (b"", 0o640)


def test_logrotate_asks_for_reopening(tmp_path: Path) -> None:
    """The supervisor of a service that runs gets SIGUSR1, and nothing else does."""
    text = files("systemd", logs=["/var/log/a.log"])["logrotate.conf"]
    script = text.partition("postrotate\n")[2].partition("endscript")[0]
    fake = tmp_path / "systemctl"
    for active, calls in ((0, 2), (3, 1)):
        fake.write_text(f'#!/bin/sh\necho "$*"\ncase "$*" in *is-active*) exit {active};; esac\n', encoding="utf-8")
        fake.chmod(0o755)
        said = run("/bin/sh", "-ec", script, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}).splitlines()
        assert len(said) == calls
        assert said[1:] == ["kill --signal=USR1 --kill-who=main egc-envoy.service"][: calls - 1]


def test_sysctl_is_no_condition() -> None:
    """A kernel that does not know the setting is no error."""
    lines = files("systemd")["sysctl.conf"].splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-net.ipv4.tcp_migrate_req = 1"]
