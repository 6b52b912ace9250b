"""Whom the programs ask what is served, and how they tell what went wrong."""

import socket
from pathlib import Path

import pytest
from egc_host.certificates import served
from egc_host.certificates.deploy import deploy
from egc_host.certificates.sync import sync
from egc_host.findings import Refusal
from egc_host.findings import certificates as findings

from tests.host.lineages import Host
from tests.host.pairs import pair


def test_only_tls_is_asked_for_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another listener would log a request that nobody made."""
    monkeypatch.setattr(served, "_TIMEOUT", 0.2)
    host = Host(tmp_path, "a.test")
    host.deploy(pair("a.test"))
    with (
        socket.create_server(("127.0.0.1", host.layout.http)) as plain,
        socket.create_server(("127.0.0.1", host.layout.https)) as encrypted,
    ):
        for listening in (plain, encrypted):
            listening.settimeout(0)
        clients = served.Clients(host.bundle)
        clients.presented(host.bundle.lineages[0])
        encrypted.accept()[0].close()
        with pytest.raises(BlockingIOError):
            plain.accept()
        assert clients.answered()
        plain.accept()[0].close()


def test_an_error_of_the_system_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The path and the reason, as words."""
    host = Host(tmp_path, "a.test")
    pair("a.test").write(host.live)
    key = host.live / "privkey.pem"
    key.unlink()
    with pytest.raises(Refusal) as refusal:
        deploy(host.bundle, host.certbot, str(host.live))
    assert refusal.value.finding.message == f"a: {key}: No such file or directory"
    assert not sync(host.bundle, host.certbot)
    told = capsys.readouterr().err
    assert findings.HOOK_FAILED.code in told and "Errno" not in told
