"""What the timer repairs, what it tells, and how Envoy takes up certificates; without an Envoy."""

import contextlib
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from egc_host.certificates import placeholder, served
from egc_host.certificates.notes import Notes
from egc_host.certificates.post import post
from egc_host.certificates.survey import survey
from egc_host.certificates.sync import sync
from egc_host.findings import Kind
from egc_host.findings import certificates as findings

from tests.host.lineages import Host, contents
from tests.host.pairs import Pair, pair

Told = pytest.CaptureFixture[str]


@contextlib.contextmanager
def supervisor(run: Path, *verdicts: dict[str, Any]) -> Iterator[list[str]]:
    """Something that answers like a supervisor, with these verdicts on reloads; the commands that it got."""
    commands: list[str] = []
    left = list(verdicts)

    def answer(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                commands.append(json.loads(stream.readline())["command"])
                verdict = left.pop(0) if commands[-1] == "reload" else {"state": "serving"}
                connection.sendall(json.dumps(verdict).encode() + b"\n" if verdict else b"")

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(run / "ctl.sock"))
        listening.listen()
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        try:
            yield commands
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextlib.contextmanager
def presenting(port: int, shown: Pair, folder: Path) -> Iterator[None]:
    """A TLS listener that presents one certificate to all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*shown.write(folder))

    def accept() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(1)
            accepted.close()

    with socket.create_server(("127.0.0.1", port)) as listening:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose lineage certbot has renewed, and the hook has published; nothing runs."""
    host = Host(tmp_path, "a.test")
    host.deploy(pair("a.test"))
    host.notes.take()
    return host


def codes(host: Host, told: Told) -> tuple[bool, set[str]]:
    """Whether a run of sync finds all in order, and the codes of what it tells."""
    told.readouterr()
    good = sync(host.bundle, host.certbot)
    return good, {line.split("[")[1].split("]")[0] for line in told.readouterr().err.splitlines() if "[EGC" in line}


def code(kind: Kind) -> set[str]:
    """Its code, for a comparison."""
    return {kind.code}


def test_in_order(host: Host, capsys: Told) -> None:
    """What is in order stays as it is, and nothing is said."""
    before = sorted(path.name for path in host.folder.iterdir())
    assert codes(host, capsys) == (True, set())
    assert sorted(path.name for path in host.folder.iterdir()) == before


def test_behind(host: Host, capsys: Told) -> None:
    """What no hook published is published; that is a warning, once."""
    renewed = pair("a.test")
    renewed.write(host.live)
    assert codes(host, capsys) == (True, code(findings.BEHIND))
    assert contents(host.folder)[0] == renewed.chain_pem
    assert codes(host, capsys) == (True, set())


def test_a_hook_that_was_killed(host: Host, capsys: Told) -> None:
    """What a killed hook left undone is mended, and told once as an error."""
    renewed = pair("a.test")
    renewed.write(host.live)
    host.notes.begin("a")
    assert codes(host, capsys) == (False, code(findings.HOOK_FAILED))
    assert contents(host.folder)[0] == renewed.chain_pem
    assert codes(host, capsys) == (True, set())


def test_what_cannot_be_mended(host: Host, capsys: Told) -> None:
    """A pair that cannot be served is told each time, until it can."""
    pair("a.test").write(host.live)
    (host.live / "privkey.pem").write_bytes(pair("a.test").key_pem)
    assert codes(host, capsys) == (False, code(findings.NOT_PUBLISHED))
    assert codes(host, capsys) == (False, code(findings.NOT_PUBLISHED))
    pair("a.test").write(host.live)
    assert codes(host, capsys)[0]


@pytest.mark.parametrize(
    ("days", "expected"),
    [((-80, 10), findings.EXPIRES_SOON), ((-5, 1), findings.EXPIRES_SOON), ((-3, 3), None)],
)
def test_expiry(tmp_path: Path, capsys: Told, days: tuple[int, int], expected: Kind | None) -> None:
    """A renewal that is late is an error."""
    host = Host(tmp_path, "a.test")
    host.deploy(pair("a.test", days=days))
    assert codes(host, capsys) == (expected is None, code(expected) if expected else set())


def test_placeholders(tmp_path: Path, capsys: Told) -> None:
    """A placeholder is a warning on the first day, and an error from then on."""
    host = Host(tmp_path, "a.test")
    placeholder.ensure(host.bundle)
    assert codes(host, capsys) == (True, code(findings.PLACEHOLDER))
    assert 'egc_certificate_placeholder{lineage="a"} 1' in metrics(host)
    with pytest.MonkeyPatch.context() as patch:
        tomorrow = time.time() + 90000
        patch.setattr("egc_host.certificates.survey.time.time", lambda: tomorrow)
        good, found = codes(host, capsys)
    assert not good and findings.STILL_PLACEHOLDER.code in found


def test_a_lineage_that_certbot_lost(host: Host, capsys: Told) -> None:
    """A certificate that nobody will renew is an error long before it ends."""
    for file in host.live.iterdir():
        file.unlink()
    host.live.rmdir()
    assert codes(host, capsys) == (False, code(findings.NOT_KEPT))


@pytest.mark.parametrize("name", ["a.test", "other.test"])
def test_failed_renewals(host: Host, capsys: Told, name: str) -> None:
    """What certbot could not renew is an error until it could, ours or not."""
    host.notes.renewals(failed=[name, "b.test"])
    host.notes.renewals(renewed=["b.test"])
    assert list(host.notes.failed_renewals()) == [name]
    assert codes(host, capsys) == (False, code(findings.RENEWAL_FAILED))
    host.notes.renewals(afresh=True)
    assert codes(host, capsys) == (True, set())


def metrics(host: Host) -> str:
    """What node_exporter would read."""
    return (host.bundle.textfile / "egc_certificates.prom").read_text(encoding="utf-8")


def test_metrics(host: Host, capsys: Told) -> None:
    """The file has what is known, for everybody to read; a folder that is no folder is told."""
    shown = pair("a.test")
    host.deploy(shown)
    with presenting(host.layout.https, shown, host.layout.root / "shown"):
        assert codes(host, capsys) == (True, set())
    text = metrics(host)
    assert 'egc_certificate_served_matches{lineage="a"} 1\n' in text and "egc_certificate_sync_success 1\n" in text
    after = int(shown.certificate.not_valid_after_utc.timestamp())
    assert f'egc_certificate_not_after_timestamp_seconds{{lineage="a"}} {after}\n' in text
    assert (host.bundle.textfile / "egc_certificates.prom").stat().st_mode & 0o777 == 0o644
    assert len(list(host.bundle.textfile.iterdir())) == 1
    (host.bundle.textfile / "egc_certificates.prom").unlink()
    host.bundle.textfile.rmdir()
    host.bundle.textfile.touch()
    assert codes(host, capsys) == (False, code(findings.NO_METRICS))


def test_post_without_envoy(host: Host, capsys: Told) -> None:
    """What will be read at the next start needs no reload."""
    host.notes.give_back(["a"])
    assert post(host.bundle) == [] and "Envoy is not running" in capsys.readouterr().out
    assert host.notes.marked() == []


@pytest.mark.parametrize("verdict", [{"ok": False, "code": "EGC5199", "message": "no"}, {}])
def test_post_that_is_refused(host: Host, verdict: dict[str, Any]) -> None:
    """What was not taken up, whether refused or cut short, stays marked; the next run asks again."""
    host.notes.give_back(["a"])
    with supervisor(host.bundle.run, verdict, {"ok": True, "ms": 1, "epoch": 1}) as commands:
        assert [finding.kind for finding in post(host.bundle)] == [findings.RELOAD_REFUSED]
        assert host.notes.marked() == ["a"]
        assert post(host.bundle) == [] and host.notes.marked() == []
        assert post(host.bundle) == []
    assert commands.count("reload") == 2


def test_an_old_certificate_that_is_served(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation that was published and not taken up is: by one reload, and an error if that did not help."""
    monkeypatch.setattr(served, "TAKEN_UP", 0.1)
    old, new = pair("a.test"), pair("a.test")
    host.deploy(old)
    host.deploy(new)
    host.notes.take()
    with (
        presenting(host.layout.https, old, host.layout.root / "shown"),
        supervisor(host.bundle.run, {"ok": True, "ms": 1, "epoch": 1}) as commands,
    ):
        (row,) = survey(host.bundle, host.certbot)
        assert row.stale and row.matches is False
        assert not sync(host.bundle, host.certbot)
    assert commands.count("reload") == 1 and host.notes.marked() == ["a"]
    assert 'served_matches{lineage="a"} 0' in metrics(host)


def test_a_watched_pair_that_envoy_does_not_take(tmp_path: Path, capsys: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `watch`, the new certificate must be seen to be served; until then it stays marked."""
    monkeypatch.setattr(served, "TAKEN_UP", 0.1)
    host = Host(tmp_path, "a.test", reload="watch")
    old, new = pair("a.test"), pair("a.test")
    host.deploy(new)
    with presenting(host.layout.https, old, tmp_path / "shown"):
        assert [finding.kind for finding in post(host.bundle)] == [findings.NOT_TAKEN_UP]
        assert codes(host, capsys) == (False, code(findings.NOT_TAKEN_UP))
    with presenting(host.layout.https, new, tmp_path / "shown"):
        assert post(host.bundle) == [] and host.notes.marked() == []


def test_nothing_for_the_name(host: Host, capsys: Told) -> None:
    """A listener that presents nothing for the name is a warning: it may be made for other clients."""
    with presenting(host.layout.https, pair("other.test"), host.layout.root / "shown"):
        assert codes(host, capsys) == (True, code(findings.NOT_PRESENTED))
    assert "served_matches" not in metrics(host)


def test_another_pair_for_the_same_name(host: Host) -> None:
    """A certificate that somebody else presents for the name calls for no reload."""
    with presenting(host.layout.https, pair("a.test"), host.layout.root / "shown"):
        (row,) = survey(host.bundle, host.certbot)
    assert row.matches is False and not row.stale


def test_notes_that_are_damaged(tmp_path: Path) -> None:
    """A note that cannot be read counts as a failure."""
    (tmp_path / "certs.renewals").write_text("{", encoding="utf-8")
    assert Notes(tmp_path).failed_renewals()
