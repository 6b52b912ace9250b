"""The command line of certificates, as far as it needs neither Envoy nor certbot."""

import json
from pathlib import Path

import pytest
from egc_host.certificates import command, listing, placeholder
from egc_host.certificates.survey import survey
from egc_host.findings import certificates as findings

from tests.host.lineages import Host
from tests.host.pairs import pair

Told = pytest.CaptureFixture[str]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with one good certificate."""
    host = Host(tmp_path, "a.test")
    host.deploy(pair("a.test"))
    host.notes.take()
    return host


def run(host: Host, *arguments: str) -> int:
    """`egc-site certs`, in this process."""
    return command.main([*arguments, "--bundle", str(host.bundle.folder), "--config-dir", str(host.certbot)])


def test_list_and_check(host: Host, capsys: Told) -> None:
    """The table, the same as JSON, and an exit code that says whether something needs a hand."""
    assert run(host, "list") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["LINEAGE", "NAMES"] and line.split()[:3] == ["a", "a.test", "CN=leaf"]
    assert "(88 days)" in line
    assert run(host, "list", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["servedMatches"] is None and row["certificate"]["names"] == ["a.test"] and row["findings"] == []
    capsys.readouterr()
    assert run(host, "check") == 0 and capsys.readouterr().out == "1 certificate is in order\n"
    pair("b.test").write(host.folder / "current")
    assert run(host, "check") == 1
    assert findings.NAMES.code in capsys.readouterr().err


def test_refusals(host: Host, capsys: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be done is told with its code, never with a traceback."""
    monkeypatch.setenv("RENEWED_LINEAGE", "/etc/passwd")
    assert run(host, "deploy") == 1 and findings.FOREIGN.code in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(host.certbot))
    assert run(host, "issue", "--certbot", "nope") == 1 and findings.NO_CERTBOT.code in capsys.readouterr().err
    assert run(host, "issue", "--certbot", "/bin/true") == 1 and findings.NO_ACME.code in capsys.readouterr().err
    assert run(host, "issue", "b", "--certbot", "/bin/true") == 1
    assert findings.UNKNOWN_LINEAGE.code in capsys.readouterr().err
    host.bundle.state.rename(host.bundle.state.with_name("moved"))
    host.bundle.state.touch()
    assert run(host, "post") == 1 and findings.UNWRITABLE.code in capsys.readouterr().err


@pytest.mark.parametrize(
    ("days", "shade"), [((-1, 89), "\033[32m"), ((-80, 10), "\033[33m"), ((-9, -1), "\033[31m"), (None, "\033[33m")]
)
def test_colours(tmp_path: Path, days: tuple[int, int] | None, shade: str) -> None:
    """Green lasts, yellow needs a hand, red is too late."""
    host = Host(tmp_path, "a.test")
    placeholder.ensure(host.bundle)
    if days is not None:
        pair("a.test", days=days).write(host.folder / "current")
    rows = survey(host.bundle, host.certbot)
    assert shade in listing.table(rows, colour=True)
    assert "\033" not in listing.table(rows, colour=False)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A pair without files has its row too."""
    rows = survey(Host(tmp_path, "a.test").bundle, tmp_path)
    assert "unreadable" in listing.table(rows, colour=True)
    assert json.loads(listing.as_json(rows))[0]["certificate"] is None
