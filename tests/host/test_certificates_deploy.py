"""What certbot's deploy hook publishes, and what it refuses."""

import threading
from pathlib import Path

import pytest
from egc_host.certificates import x509
from egc_host.certificates.deploy import deploy
from egc_host.findings import certificates as findings

from tests.host.lineages import Host, contents
from tests.host.pairs import Pair, pair


def test_deploy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A renewed pair is published and marked; the same once more is not."""
    host, renewed = Host(tmp_path, "a.test"), pair("a.test")
    host.deploy(renewed)
    assert contents(host.folder) == (renewed.chain_pem, renewed.key_pem)
    assert f"published serial {renewed.serial}" in capsys.readouterr().out
    assert host.notes.take() == ["a"]
    host.deploy(renewed)
    assert "published already" in capsys.readouterr().out
    assert host.notes.marked() == [] and host.notes.failure("a") is None


@pytest.mark.parametrize(
    ("renewed", "why"),
    [
        (pair("a.test", days=(-9, -1)), "expired"),
        (pair("a.test", days=(1, 9)), "not valid before"),
        (pair("b.test"), "lacks a.test"),
        (Pair(pair("a.test").certificate, pair("a.test").key), "is not the key of"),
    ],
)
def test_deploy_of_what_cannot_be_served(tmp_path: Path, renewed: Pair, why: str) -> None:
    """A pair that is worse than the old one is not published, and the failure is written down."""
    host, old = Host(tmp_path, "a.test"), pair("a.test")
    host.deploy(old)
    host.notes.take()
    renewed.write(host.live)
    assert why in host.refused(findings.NOT_PUBLISHED, host.live)
    assert contents(host.folder) == (old.chain_pem, old.key_pem)
    failure = host.notes.failure("a")
    assert failure is not None and why in failure[1]
    assert host.notes.marked() == []


def test_deploy_with_fewer_names_than_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that the old certificate lacked too is no reason to let it expire."""
    host, renewed = Host(tmp_path, "a.test", "www.a.test"), pair("a.test")
    host.deploy(pair("a.test"))
    host.deploy(renewed)
    assert contents(host.folder)[0] == renewed.chain_pem
    assert findings.NAMES.code in capsys.readouterr().err


def test_deploy_of_what_is_not_served_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another lineage of certbot's is none of ours."""
    host = Host(tmp_path, "a.test")
    deploy(host.bundle, host.certbot, str(host.certbot / "live" / "other"))
    assert "not served here" in capsys.readouterr().out


def test_deploy_from_elsewhere(tmp_path: Path) -> None:
    """RENEWED_LINEAGE must be a folder directly in certbot's live."""
    host = Host(tmp_path, "a.test")
    pair("a.test").write(tmp_path / "evil" / "a")
    host.certbot.joinpath("live").mkdir(parents=True)
    host.live.symlink_to(tmp_path / "evil" / "a")
    live = host.certbot / "live"
    for renewed in (tmp_path / "evil" / "a", live / "x" / "a", live, host.live, "a", ""):
        host.refused(findings.FOREIGN, renewed)
    host.refused(findings.NAME, live / "..")
    assert not host.folder.exists()


def test_deploy_without_files(tmp_path: Path) -> None:
    """Files that certbot does not have are told with their path."""
    host = Host(tmp_path, "a.test")
    host.live.mkdir(parents=True)
    assert str(host.live) in host.refused(findings.NOT_PUBLISHED, host.live)


def test_deploy_to_a_planted_link(tmp_path: Path) -> None:
    """A link in the place of a lineage's folder is refused, and the failure is written down."""
    host = Host(tmp_path, "a.test")
    pair("a.test").write(host.live)
    host.folder.symlink_to(tmp_path)
    host.refused(findings.UNSAFE, host.live)
    assert host.notes.failure("a") is not None


def test_many_hooks_at_once(tmp_path: Path) -> None:
    """Hooks that run at the same time publish one after the other; the last pair is whole."""
    host = Host(tmp_path, "a.test")
    host.deploy(pair("a.test"))
    failed: list[BaseException] = []

    def run(number: int) -> None:
        other = Host(tmp_path / str(number), "a.test")
        pair("a.test").write(other.live)
        try:
            deploy(host.bundle, other.certbot, str(other.live))
        except BaseException as error:  # noqa: BLE001 - the test tells what it was
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    chain, key = host.folder / "current" / "fullchain.pem", host.folder / "current" / "privkey.pem"
    assert x509.describe(chain).covers("a.test") and key.exists()
    assert len(list(host.folder.glob("gen-*"))) == 3 and not (host.folder / ".current").is_symlink()
