"""Installs that are refused, interrupted or killed: the old release stays, and nothing half-written is left."""

import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from egc_host import site

from tests.host.sites import Host, digest, surroundings, tree


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An empty host."""
    return Host(tmp_path / "host")


def test_an_edited_bundle(host: Host) -> None:
    """It is refused; accepted, it gets a name of its own, and counts as built so from then on."""
    bundle = host.bundle()
    (bundle / "envoy.yaml").write_text("{}")
    refused = host.run("install", bundle)
    assert refused.returncode == 1
    assert f"error[EGC5102]: {bundle}/envoy.yaml is not as it was built" in refused.stderr
    assert host.current() is None
    taken = host.run("install", bundle, "--accept-edited")
    assert taken.returncode == 0, taken.stderr
    assert f"warning[EGC5136]: {bundle}/envoy.yaml is not as it was built" in taken.stderr
    current = host.current()
    assert current not in (None, digest(bundle))
    assert current == digest(host.site / "current")
    # What is installed is whole: another install of it by the same rules is accepted.
    assert host.run("install", host.site / "current").returncode == 0


def test_a_bundle_that_lacks_a_file(host: Host) -> None:
    """It is refused, and the old release stays."""
    good, bad = host.bundle("v1"), host.bundle("v2")
    host.run("install", good)
    (bad / "envoy.yaml").unlink()
    refused = host.run("install", bad)
    assert refused.returncode == 1
    assert "error[EGC5101]" in refused.stderr
    assert host.current() == digest(good)


def test_what_is_no_bundle(host: Host) -> None:
    """A folder of something else."""
    host.root.mkdir()
    refused = host.run("install", host.root)
    assert refused.returncode == 1
    assert "error[EGC5100]" in refused.stderr


@pytest.mark.parametrize("name", ["../outside", "/etc/outside"])
def test_a_path_that_leads_out(host: Host, name: str) -> None:
    """A manifest cannot make root read or write elsewhere."""
    bundle = host.bundle()
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    entry = manifest["files"]["envoy.yaml"]
    (host.root / "outside").write_bytes((bundle / "envoy.yaml").read_bytes())
    target = name if not name.startswith("/etc") else str(host.root / "outside")
    manifest["files"][target] = entry
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert "error[EGC5316]" in host.run("install", bundle).stderr


def test_a_link_in_the_bundle(host: Host) -> None:
    """Nor can a link: root would copy for everybody what only root may read."""
    bundle = host.bundle()
    content = (bundle / "envoy.yaml").read_bytes()
    (bundle / "envoy.yaml").unlink()
    (host.root / "elsewhere").write_bytes(content)
    (bundle / "envoy.yaml").symlink_to(host.root / "elsewhere")
    assert "error[EGC5316]" in host.run("install", bundle).stderr


def test_a_file_that_is_not_of_the_bundle(host: Host) -> None:
    """It is told, and not installed."""
    bundle = host.bundle()
    (bundle / "notes.txt").write_text("mine")
    done = host.run("install", bundle)
    assert done.returncode == 0
    assert "warning[EGC5315]: notes.txt" in done.stderr
    assert not (host.site / "current" / "notes.txt").exists()


@pytest.mark.parametrize(
    "link",
    [
        "opt/egc/site",
        "opt/egc/site/releases",
        "opt/egc/site/.lock",
        "etc/systemd/system/egc-envoy.service",
        "state/envoy",
    ],
)
def test_a_planted_link(host: Host, link: str) -> None:
    """Where root writes, a link is refused, and what it leads to is left alone."""
    bundle = host.bundle()
    outside = host.root / "outside"
    outside.mkdir()
    path = host.root / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside if "." not in path.name else outside / "file")
    refused = host.run("install", bundle)
    assert refused.returncode == 1
    assert f"error[EGC5303]: {path} is a symbolic link" in refused.stderr
    assert not list(outside.iterdir())
    assert host.current() is None


def test_a_link_of_others_on_the_way(host: Host) -> None:
    """A link in a folder where anybody may exchange it is not followed."""
    bundle = host.bundle()
    (host.root / "elsewhere").mkdir()
    host.root.chmod(0o777)
    (host.root / "opt").symlink_to(host.root / "elsewhere")
    refused = host.run("install", bundle)
    assert "error[EGC5303]" in refused.stderr
    assert not list((host.root / "elsewhere").iterdir())


def test_two_installs_at_once(host: Host) -> None:
    """The second is refused and says who is first."""
    bundle = host.bundle()
    host.site.mkdir(parents=True)
    with (host.site / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4711\n")
        lock.flush()
        refused = host.run("install", bundle)
    assert refused.returncode == 1
    assert f"error[EGC5302]: {host.site}/.lock is held by process 4711" in refused.stderr
    assert host.run("install", bundle).returncode == 0


_STOPS_HALF_WAY = """
import os, sys
from egc_host.releases import release
from egc_host.site import main

def create(path, *rest, real=release.create):
    real(path, *rest)
    if path.name == "sysusers.conf":
        release.create = real
        print("half-way", flush=True)
        sys.stdin.read()

release.create = create
sys.exit(main())
"""


_UNIT = ".egc-envoy.service.egc"
"""What a unit is called while it is written."""


def test_killed_half_way(host: Host) -> None:
    """What kill -9 leaves is swept by the next install, and never has the name of a release."""
    bundle = host.bundle()
    command = [sys.executable, "-c", _STOPS_HALF_WAY, *host.command("install", bundle)[3:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=surroundings()) as process:
        assert process.stdout is not None
        assert any(line == b"half-way\n" for line in process.stdout)
        process.kill()
    assert host.current() is None
    assert [name[:5] for name in host.releases()] == [".tmp-"]
    done = host.run("install", bundle)
    assert "remove what an interrupted install left" in done.stdout
    assert host.releases() == {digest(bundle)}


def test_no_space(host: Host) -> None:
    """A file that cannot be written whole: nothing of the release stays, and the old one is current."""
    good = host.bundle("v1")
    host.run("install", good)
    large = host.bundle("v2", {"tls/large": bytes(2**20)})
    limited = ["bash", "-c", 'ulimit -f 512; trap "" XFSZ; exec "$@"', "bash", *host.command("install", large)]
    refused = subprocess.run(limited, capture_output=True, text=True, check=False, env=surroundings())
    assert refused.returncode == 1
    assert "error[EGC5305]" in refused.stderr
    assert host.current() == digest(good)
    assert host.releases() == {digest(good)}
    full = subprocess.run(
        _full(host.command("install", large)), capture_output=True, text=True, check=False, env=surroundings()
    )
    assert "error[EGC5304]" in full.stderr


def _full(command: list[str]) -> list[str]:
    """The same, where the disk is full."""
    script = """
import errno, os, sys
from egc_host.site import main

def fsync(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

os.fsync = fsync
sys.exit(main())
"""
    return [sys.executable, "-c", script, *command[3:]]


def test_terminated_half_way(host: Host) -> None:
    """SIGTERM takes back what was begun."""
    good = host.bundle("v1")
    host.run("install", good)
    before = tree(host.root / "etc")
    bad = host.bundle("v2", {"systemd/egc-envoy.service": b"[Service]\nExecStart=false\n"})
    script = _STOPS_HALF_WAY.replace("import release", "import writing as release")
    command = [sys.executable, "-c", script.replace("sysusers.conf", _UNIT), *host.command("install", bad)[3:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=surroundings()) as process:
        assert process.stdout is not None
        assert any(line == b"half-way\n" for line in process.stdout)
        process.terminate()
    assert process.returncode == 128 + signal.SIGTERM
    assert host.current() == digest(good)
    assert host.releases() == {digest(good)}
    assert {name: kept[2] for name, kept in tree(host.root / "etc").items()} == {
        name: kept[2] for name, kept in before.items()
    }


def test_another_site_in_the_way(host: Host) -> None:
    """Two sites cannot share a run folder."""
    host.run("install", host.bundle("v1"))
    refused = host.run("install", host.bundle("v2", site="other"))
    assert refused.returncode == 1
    assert (
        f"error[EGC5306]: the site site in {host.site}/current has the run folder {host.layout.run}" in refused.stderr
    )


def test_only_root_installs(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a prefix; a dry run is for everybody."""
    bundle = host.bundle()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert site.main(["install", str(bundle)]) == 1
    assert "error[EGC5301]" in capsys.readouterr().err
    assert site.main(["install", str(bundle), "--dry-run"]) == 0
