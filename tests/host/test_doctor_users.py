"""`egc-site doctor` with the eyes of Envoy's user, and of one who may not look everywhere."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from egc_host.bundle import load
from egc_host.doctor import checks, configuration
from egc_host.doctor.subject import Subject, Unseen, as_user
from egc_host.findings import Finding
from egc_host.findings import certificates as certificate_findings
from egc_host.releases import account
from egc_host.releases.places import Places

from tests.host.sites import Host, surroundings
from tests.needs import need

_IMPORTS_NOTHING = """
import importlib.machinery, os, sys
from pathlib import Path
from egc_host.bundle import read
from egc_host.doctor import configuration
from egc_host.doctor.subject import Subject
from egc_host.releases import account
from egc_host.releases.places import Places

class Nowhere:
    def find_spec(self, name, *_):
        raise ModuleNotFoundError(f"{name} is where this user may not go")

account.owner = lambda _: (os.geteuid(), os.getegid())
os.initgroups = os.setgid = lambda *_: None
builtin = importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter
os.setuid = lambda _: setattr(sys, "meta_path", [*builtin, Nowhere()])
prefix = Path(sys.argv[1])
bundle = read(prefix / "opt/egc/site/current")
print(*(found.kind.code for found in configuration.configuration(Subject(Places(bundle, prefix), None))))
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with a certificate."""
    host = Host(tmp_path / "h")
    host.layout.lineages = {"shop": ["shop.example"]}
    return host


def test_nothing_is_imported_as_another_user(host: Host) -> None:
    """Python may lie in a folder that is root's alone."""
    need("openssl")
    assert host.run("install", host.bundle()).returncode == 0
    command = [sys.executable, "-c", _IMPORTS_NOTHING, str(host.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings())
    assert done.stdout.split() == [certificate_findings.PLACEHOLDER.code], done.stderr


def test_certificates_behind_a_closed_door(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """That this user may not read them says nothing about Envoy's."""
    bundle = host.bundle()
    for path in host.layout.pair("shop"):
        Path(path).mkdir(parents=True)  # as good as unreadable, for root too
    subject = Subject(Places(load(bundle), host.root), None)
    codes = [found.kind.code for found in configuration.configuration(subject)]
    assert codes == ["EGC5122", *[certificate_findings.UNREADABLE.code] * 2]
    monkeypatch.setattr(configuration, "is_hidden", lambda path: path == host.layout.certificates)
    with pytest.raises(Unseen, match="certificates"):
        list(configuration.configuration(subject))


@pytest.mark.parametrize(("user", "help"), [(0, "look at it by hand"), (1000, "")])
def test_help_for_root(host: Host, monkeypatch: pytest.MonkeyPatch, user: int, help: str) -> None:
    """Who is root is not told to become root."""

    def blind(_: Subject) -> list[Finding]:
        raise Unseen("something")

    monkeypatch.setattr("os.geteuid", lambda: user)
    bundle = replace(load(host.bundle()), target="compose")
    (found,) = checks.examine(Places(bundle, host.root), [blind])
    assert (found.kind.code, found.help) == ("EGC5416", help)


def test_a_file_that_is_gone(host: Host) -> None:
    """It is told as that; the other checks look all the same."""
    bundle = host.bundle()
    (bundle / "systemd/sysctl.conf").unlink()
    told = host.run("doctor", "--bundle", bundle)
    assert told.returncode == 1
    assert "error[EGC5101]" in told.stderr and "No such file" not in told.stderr


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # pytest-xdist's threads are not forked
def test_with_the_eyes_of_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child becomes Envoy's user, finds, and tells; if it fails, nothing is taken for granted."""
    found = Finding(certificate_findings.MISSING, "gone")
    become: list[str] = []
    monkeypatch.setattr(account, "owner", lambda _: (os.geteuid(), os.getegid()))
    for name in ("initgroups", "setgid", "setuid"):
        monkeypatch.setattr(os, name, lambda *_, name=name: become.append(name))
    assert [str(one) for one in as_user("envoy", lambda: [found])] == [str(found)]

    def fail() -> list[Finding]:
        os._exit(3)

    with pytest.raises(Unseen):
        as_user("envoy", fail)
