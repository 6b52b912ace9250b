"""Installs and rollbacks of a site that is served: a release is taken up, or nothing changes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.bundles import ENVOY, free_port
from tests.host.sites import Host, Served, digest, surroundings, tree
from tests.host.variants import broken, changed


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A site that is served; each test takes it as the one before left it."""
    with Served() as served:
        yield served


def install(served: Served, version: str) -> Path:
    """Install a good bundle and see that it is served."""
    bundle = served.host.bundle(version)
    done = served.host.run("install", bundle)
    assert done.returncode == 0, done.stderr + served.log()
    assert served.version() == version
    assert served.status()["digest"] == served.host.current() == digest(bundle)
    return bundle


def test_a_new_release_is_served(served: Served) -> None:
    """Installed, reloaded and verified; a second time there is nothing to do."""
    bundle = install(served, "new")
    epoch = served.status()["epoch"]
    again = served.host.run("install", bundle)
    assert again.stdout == f"nothing to do: {digest(bundle)} is installed\n"
    assert served.status()["epoch"] == epoch


def test_a_refused_release_leaves_nothing(served: Served) -> None:
    """The verdict has the supervisor's code; `current`, units and releases are as before, and the old one serves."""
    good = install(served, "good")
    before = {name: kept for name, kept in tree(served.host.root / "etc").items() if kept[2]}
    unit = {"systemd/egc-envoy.service": b"[Service]\nExecStart=false\n", "systemd/egc-cert-sync.timer": None}
    refused = served.host.run("install", changed(served.host.bundle("bad", unit), broken))
    assert refused.returncode == 1
    assert "error[EGC5122]" in refused.stderr and "colour" in refused.stderr
    assert served.host.current() == served.status()["digest"] == digest(good)
    assert served.version() == "good"
    after = {name: kept for name, kept in tree(served.host.root / "etc").items() if kept[2]}
    assert {name: kept[2] for name, kept in after.items()} == {name: kept[2] for name, kept in before.items()}
    assert digest(served.host.root / "dist-bad") not in served.host.releases()
    install(served, "next")


def test_rollback_and_back(served: Served) -> None:
    """The release before is served again; once more, and the newer one is."""
    older, newer = install(served, "older"), install(served, "newer")
    assert served.host.run("rollback").returncode == 0
    assert (served.version(), served.host.current()) == ("older", digest(older))
    assert served.host.run("rollback").returncode == 0
    assert (served.version(), served.host.current()) == ("newer", digest(newer))
    assert served.host.run("rollback", digest(older)[:6]).returncode == 0
    assert served.version() == "older"


def test_a_refused_rollback(served: Served) -> None:
    """A release that no longer starts is not taken up, and stays where it is."""
    older, newer = install(served, "before"), install(served, "after")
    release = served.host.site / "releases" / digest(older)
    envoy = (release / "envoy.yaml").read_bytes()
    (release / "envoy.yaml").write_bytes(b"{}")
    refused = served.host.run("rollback")
    assert refused.returncode == 1
    assert "error[EGC5102]" in refused.stderr and "--accept-edited" not in refused.stderr
    assert served.host.current() == served.status()["digest"] == digest(newer)
    (release / "envoy.yaml").write_bytes(envoy)


def test_rollback_to_what_is_not_there(served: Served) -> None:
    """A digest that no release has."""
    refused = served.host.run("rollback", "ffffff")
    assert refused.returncode == 1
    assert "error[EGC5311]: no release begins with 'ffffff'" in refused.stderr


def test_interrupted_between_link_and_reload(served: Served) -> None:
    """`current` leads to a release that was never served: the next install takes it up."""
    install(served, "served")
    bundle = served.host.bundle("waiting")
    script = (
        "import os, sys\n"
        "from egc_host.releases import switch\n"
        "from egc_host.site import main\n"
        "switch.reload = lambda *_, **__: os._exit(9)\n"
        "sys.exit(main())\n"
    )
    command = served.host.command("install", bundle)
    killed = subprocess.run([command[0], "-c", script, *command[3:]], check=False, env=surroundings())
    assert killed.returncode == 9
    assert served.host.current() == digest(bundle) != served.status()["digest"]
    told = served.host.run("status")
    assert "warning[EGC5320]" in told.stderr and told.returncode == 0
    assert served.host.run("install", bundle).returncode == 0
    assert served.version() == "waiting"


def test_a_refused_release_after_an_interrupted_one(served: Served) -> None:
    """What is gone back to is what is served, not what an interrupted install left as current."""
    good = install(served, "first")
    bad = changed(served.host.bundle("second"), broken)
    assert served.host.run("install", bad).returncode == 1
    (served.host.site / "current").unlink()
    (served.host.site / "current").symlink_to("releases/000000000000")
    assert served.host.run("install", bad).returncode == 1
    assert served.host.current() == digest(good)


def test_status(served: Served) -> None:
    """What is served and the last verdict, for people and for programs."""
    bundle = install(served, "told")
    shown = served.host.run("status")
    assert shown.returncode == 0
    assert "site        site\nstate       serving\n" in shown.stdout
    assert f"bundle      {digest(bundle)} of " in shown.stdout
    told = json.loads(served.host.run("status", "--json").stdout)
    assert told["site"] == "site"
    assert told["current"] == told["served"]["digest"] == digest(bundle)
    assert told["findings"] == []
    assert f"* {digest(bundle)}  served" in served.host.run("releases").stdout


def test_reload(served: Served) -> None:
    """It takes up the current release."""
    bundle = install(served, "again")
    done = served.host.run("reload")
    assert done.returncode == 0
    assert served.status()["digest"] == digest(bundle)


def test_a_change_that_waits_for_a_restart(served: Served) -> None:
    """A new unit or supervisor is told, for a hot restart does not bring it into effect."""
    done = served.host.run("install", served.host.bundle("unit", {"bin/egc-envoy": b"#!/bin/sh\n# newer\n"}))
    assert done.returncode == 0
    assert "warning[EGC5314]: the supervisor changed" in done.stderr


def test_another_envoy_is_taken_up(served: Served) -> None:
    """`--envoy` reloads, by a hot restart, although the bundle is the same; one that is none is refused."""
    bundle = install(served, "envoy")
    wrapper = served.host.root / "other-envoy"
    wrapper.write_text(f'#!/bin/sh\necho used >> {served.host.root}/used\nexec {ENVOY} "$@"\n')
    wrapper.chmod(0o755)
    refused = served.host.run("install", bundle, "--envoy", "/bin/true")
    assert "error[EGC5115]" in refused.stderr
    assert not (served.host.site / "envoy").exists()
    done = served.host.run("install", bundle, "--envoy", wrapper)
    assert done.returncode == 0, done.stderr
    assert (served.host.root / "used").exists()
    assert served.status()["digest"] == digest(bundle)
    assert served.host.run("install", bundle, "--envoy", "").returncode == 0


def test_what_is_served_is_never_deleted(served: Served) -> None:
    """Not even when only one release is kept, and it is not the current one."""
    first = install(served, "kept")
    done = served.host.run("install", served.host.bundle("only", keepReleases=1))
    assert done.returncode == 0
    assert served.host.releases() == {digest(served.host.root / "dist-only")}
    assert f"delete the release {digest(first)}" in done.stdout


def test_another_bundle_is_served(served: Served) -> None:
    """A supervisor that was started with something else takes up something else: that is no success."""
    install(served, "mine")
    bundle = served.host.bundle("never")
    script = (
        "import sys\n"
        "from egc_host.releases.service import Service\n"
        "from egc_host.site import main\n"
        "Service.reload = lambda *_, **__: {'ok': True}\n"
        "sys.exit(main())\n"
    )
    command = served.host.command("install", bundle)
    refused = subprocess.run(
        [command[0], "-c", script, *command[3:]], check=False, env=surroundings(), capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert f"error[EGC5310]: {served.status()['digest']} is served, not {digest(bundle)}" in refused.stderr
    assert served.host.current() == served.status()["digest"]


def test_without_a_supervisor(tmp_path: Path) -> None:
    """Status fails, reload and restart are refused, and there is nothing to roll back to."""
    host = Host(tmp_path / "host")
    assert "error[EGC5300]" in host.run("status").stderr
    host.run("install", host.bundle(publishedPorts={"80": free_port()}))
    for command, code in (
        ("status", "EGC5313"),
        ("reload", "EGC5313"),
        ("restart", "EGC5317"),
        ("logs", "EGC5317"),
        ("rollback", "EGC5312"),
    ):
        refused = host.run(command)
        assert refused.returncode == 1
        assert f"error[{code}]" in refused.stderr
