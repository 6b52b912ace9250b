"""`install.sh` and `egc-site install`, without a supervisor: what is where, and what is refused."""

import os
import subprocess
from pathlib import Path

import pytest
from egc_host.bundle import read
from egc_host.findings.doctor import OLD_PYTHON
from egc_host.located import envoy_of

from tests.host.bundles import ENVOY
from tests.host.sites import HOOKS, Host, digest, modes, tree
from tests.needs import need


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An empty host."""
    return Host(tmp_path / "host")


def test_a_first_install(host: Host) -> None:
    """Everything is where the units look for it, with the modes of the manifest."""
    bundle = host.bundle(files={"tls/default/shop/tls.key": b"secret"})
    modes(bundle, {"tls/default/shop/tls.key": 0o600})
    done = host.run("install", bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert host.current() == digest(bundle)
    release = host.site / "current"
    assert (release / "envoy.yaml").read_bytes() == (bundle / "envoy.yaml").read_bytes()
    assert (release / "bin" / "egc-site").stat().st_mode & 0o777 == 0o755
    assert (release / "envoy.yaml").stat().st_mode & 0o777 == 0o644
    assert (release / "tls/default/shop/tls.key").stat().st_mode & 0o077 in (0, 0o040)
    assert (host.root / "etc/systemd/system/egc-envoy.service").is_file()
    assert (host.root / "etc/sysctl.d/60-egc-envoy.conf").is_file()
    assert (host.root / "usr/local/bin/egc-site").resolve() == (release / "bin" / "egc-site").resolve()
    assert (host.root / "metrics/egc_envoy.prom").readlink() == host.root / "state/envoy/egc_envoy.prom"


def test_a_dry_run_says_all_and_changes_nothing(host: Host) -> None:
    """The steps are those that an install then prints, and not a file differs."""
    bundle = host.bundle()
    before = tree(host.root)
    planned = host.run("install", bundle, "--dry-run")
    assert planned.returncode == 0
    assert tree(host.root) == before
    done = host.run("install", bundle).stdout.splitlines()
    assert planned.stdout.splitlines() == [*done[:-2], done[-1]]  # all but that it is done


def test_the_same_bundle_twice(host: Host) -> None:
    """The second install has nothing to do and does nothing."""
    bundle = host.bundle()
    host.run("install", bundle)
    before = tree(host.root)
    done = host.run("install", bundle)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"nothing to do: {digest(bundle)} is installed",
        f"start it with: {host.site}/current/bin/egc-envoy run {host.site}/current",
    ]
    lock = "opt/egc/site/.lock"  # says who holds it
    assert tree(host.root) == before | {lock: tree(host.root)[lock]}


def test_only_units_that_changed_are_written(host: Host) -> None:
    """A unit that is gone from the bundle is removed, one that changed is written, the others are left."""
    host.run("install", host.bundle("v1"))
    gone = {"systemd/egc-cert-sync.timer": None, "systemd/egc-envoy.service": b"[Service]\nExecStart=false\n"}
    done = host.run("install", host.bundle("v2", gone))
    units = host.root / "etc/systemd/system"
    told = [line for line in done.stdout.splitlines() if "/etc/" in line]
    assert told == [f"remove {units}/egc-cert-sync.timer", f"write {units}/egc-envoy.service"]
    assert not (units / "egc-cert-sync.timer").exists()
    assert (units / "egc-envoy.service").read_text() == "[Service]\nExecStart=false\n"


def test_releases_are_kept(host: Host) -> None:
    """As many as the bundle says, the current one always among them."""
    bundles = [host.bundle(f"v{number}") for number in range(5)]
    for bundle in bundles:
        assert host.run("install", bundle).returncode == 0
    assert host.releases() == {digest(bundle) for bundle in bundles[-3:]}
    listed = host.run("releases").stdout.splitlines()
    assert [line[:14] for line in listed] == [
        f"* {digest(bundles[4])}", f"  {digest(bundles[3])}", f"  {digest(bundles[2])}"
    ]  # fmt: skip


def test_a_release_that_was_damaged_is_mended(host: Host) -> None:
    """An edit on the host is undone by the same bundle."""
    bundle = host.bundle()
    host.run("install", bundle)
    (host.site / "current" / "envoy.yaml").write_text("{}")
    assert host.run("install", bundle).returncode == 0
    assert (host.site / "current" / "envoy.yaml").read_bytes() == (bundle / "envoy.yaml").read_bytes()
    assert host.releases() == {digest(bundle)}


def test_another_envoy(host: Host) -> None:
    """It is remembered for all later releases, until it is forgotten."""
    bundle = host.bundle()
    host.run("install", bundle, "--envoy", "/opt/envoy/bin/envoy")
    assert envoy_of(read(host.site / "current")) == "/opt/envoy/bin/envoy"
    host.run("install", bundle, "--envoy", "")
    assert envoy_of(read(host.site / "current")) == str(ENVOY)


def test_install_sh(host: Host) -> None:
    """The script finds its own folder, from anywhere and through a link, and passes its options on."""
    bundle = host.bundle(files={"install.sh": (HOOKS / "install.sh").read_bytes()})
    program = b"import sys\nprint(sys.argv[1:])\n"
    (bundle / "bin/egc-site").write_bytes(program)
    link = host.root / "link.sh"
    link.symlink_to(bundle / "install.sh")
    done = subprocess.run(["sh", link, "--dry-run", "--prefix", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{['install', str(bundle), '--dry-run', '--prefix', 'a b']}\n"


def test_an_old_python(host: Host) -> None:
    """The script says so by itself, for the programs could not."""
    old = host.root / "bin" / "python3"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    path = f"{old.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", HOOKS / "install.sh"], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 1
    assert f"error[{OLD_PYTHON.code}]" in done.stderr


def test_shellcheck() -> None:
    """The script is clean."""
    subprocess.run([need("shellcheck"), HOOKS / "install.sh"], check=True)
