"""Releases that lost a file, and an Envoy that cannot take over: what goes back must work all the same."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from egc.artifacts.programs import programs
from tests.host.bundles import ENVOY
from tests.host.sites import Host, Served, digest, surroundings

LOST = "systemd/sysctl.conf"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A site that is served; each test takes it as the one before left it."""
    with Served() as served:
        yield served


def install(served: Served, version: str, **files: bytes) -> Path:
    """Install a good bundle and see that it is served."""
    bundle = served.host.bundle(version, files)
    done = served.host.run("install", bundle)
    assert done.returncode == 0, done.stderr + served.log()
    assert served.version() == version
    return bundle


def patched(host: Host, patch: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run `egc-site` with a part of it replaced."""
    script = f"import sys\nfrom egc_host.site import main\n{patch}\nsys.exit(main())\n"
    command = host.command(*arguments)
    command[1:3] = ["-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings())


def test_a_lost_file_does_not_keep_from_going_back(served: Served) -> None:
    """What is served is told, a reload is refused by the supervisor, and a rollback serves the release before."""
    install(served, "older")
    bundle = install(served, "newer")
    (served.host.site / "current" / LOST).unlink()
    told = served.host.run("status")
    assert (told.returncode, told.stderr) == (0, "")
    refused = served.host.run("reload")
    assert refused.returncode == 1 and f"error[EGC5101]: {served.host.site}/releases/{digest(bundle)}/{LOST}" in (
        refused.stderr
    )
    assert "EGC5101" in served.host.run("doctor").stderr
    assert served.host.run("rollback").returncode == 0
    assert served.version() == "older"


def test_a_release_that_lost_its_name(served: Served) -> None:
    """Without host.json nothing but the other releases says whose it is: that is enough to go back."""
    unit = "systemd/egc-more.timer"
    install(served, "known")
    install(served, "unknown", **{unit: b"[Timer]\nOnCalendar=hourly\n"})
    (served.host.site / "current" / unit).unlink()
    (served.host.site / "current" / "host.json").unlink()
    told = served.host.run("status")
    assert told.returncode == 0 and "error[EGC5100]" in told.stderr
    assert "error[EGC5100]" in served.host.run("doctor").stderr
    done = served.host.run("rollback")
    assert done.returncode == 0, done.stderr
    assert served.version() == "known"


def test_a_unit_that_a_release_lost(served: Served) -> None:
    """It goes from /etc all the same when another release is served."""
    unit = "systemd/egc-more.timer"
    install(served, "without")
    install(served, "with", **{unit: b"[Timer]\nOnCalendar=hourly\n"})
    (served.host.site / "current" / unit).unlink()
    assert served.host.run("rollback").returncode == 0
    assert not (served.host.root / "etc/systemd/system/egc-more.timer").exists()


def test_a_lost_file_is_mended(served: Served) -> None:
    """By the same bundle; it is taken up anew, so that the supervisor has no more to complain of."""
    bundle = install(served, "whole")
    epoch = served.status()["epoch"]
    (served.host.site / "current" / LOST).unlink()
    planned = served.host.run("install", bundle, "--dry-run").stdout.splitlines()
    done = served.host.run("install", bundle)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [*planned, f"done: {digest(bundle)} is served"]
    assert re.match(r"copy \d+ files", planned[0]) and planned[1] == "reload the supervisor"
    assert (served.host.site / "current" / LOST).is_file()
    assert served.status()["epoch"] == epoch + 1
    assert "never served" not in served.host.run("releases").stdout


def test_mended_although_the_reload_is_refused(served: Served) -> None:
    """What is current stays where it is."""
    bundle = install(served, "stays")
    (served.host.site / "current" / LOST).unlink()
    patch = (
        "from egc_host.findings import Refusal, release\n"
        "from egc_host.releases import switch\n"
        "def refuse(*_, **__): raise Refusal(release.RELOAD_REFUSED, 'no')\n"
        "switch.reload = refuse"
    )
    assert "error[EGC5318]" in patched(served.host, patch, "install", bundle).stderr
    assert (served.host.site / "current" / LOST).is_file()
    assert served.host.run("reload").returncode == 0


def test_an_envoy_that_cannot_take_over(served: Served) -> None:
    """Another hot restart version is refused and forgotten, and run where a cold start is allowed; back, likewise."""
    bundle = install(served, "before")
    bundle = install(served, "cold")
    other = served.host.root / "cold-envoy"
    other.write_text(f'#!/bin/sh\ncase "$*" in *--hot-restart-version*) echo 11.999; exit;; esac\nexec {ENVOY} "$@"\n')
    other.chmod(0o755)
    link = served.host.site / "envoy"
    refused = served.host.run("install", bundle, "--envoy", other)
    assert refused.returncode == 1 and "error[EGC5117]" in refused.stderr
    assert not link.is_symlink()
    done = served.host.run("install", bundle, "--envoy", other, "--allow-cold")
    assert done.returncode == 0, done.stderr
    assert link.readlink() == other and served.status()["hotRestart"] == "11.999"
    assert "error[EGC5117]" in served.host.run("rollback", "--envoy", "").stderr
    assert link.readlink() == other and served.version() == "cold"
    assert served.host.run("rollback", "--envoy", "", "--allow-cold").returncode == 0
    assert not link.is_symlink() and served.version() == "before"


def test_the_program_of_the_release_that_goes(served: Served) -> None:
    """What was started through the link goes on in its own release when the link leads to another."""
    program = dict(programs())["bin/egc-site"]
    first, rest = program.split(b"\n", 1)
    other = first + b"\n" + b"# longer\n" * 500 + rest
    for version, content in (("short", program), ("long", other)):
        install(served, version, **{"bin/egc-site": content})
    link = served.host.root / "usr/local/bin/egc-site"
    for version in ("short", "long"):
        done = subprocess.run(
            [link, "rollback", "--prefix", served.host.root], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert served.version() == version


def test_an_old_release_that_stays(tmp_path: Path) -> None:
    """One that cannot be deleted is told; the install has succeeded."""
    host = Host(tmp_path / "host")
    host.run("install", host.bundle("v1"))
    patch = (
        "from egc_host.releases import history\n"
        "def remove(release): raise OSError(16, 'Device or resource busy', 'here')\n"
        "history.remove = remove"
    )
    bundle = host.bundle("v2", keepReleases=1)
    done = patched(host, patch, "install", bundle)
    assert done.returncode == 0
    assert "warning[EGC5323]: here: Device or resource busy\n" in done.stderr
    assert f"done: {digest(bundle)} is installed\n" in done.stdout
