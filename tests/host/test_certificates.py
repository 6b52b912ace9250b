"""Certificates on the host: what they say, and whether a pair is fit to be served."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from egc_host.bundle import load
from egc_host.certificates import placeholder, x509
from egc_host.certificates.pair import problems
from egc_host.certificates.survey import soon
from egc_host.findings import Kind, Refusal
from egc_host.findings import certificates as findings

from tests.host.bundles import Layout, make_bundle
from tests.host.pairs import Pair, pair
from tests.needs import need


def codes(chain: Path, key: Path, *hostnames: str) -> list[str]:
    """The codes of what is wrong with a pair."""
    return [finding.kind.code for finding in problems("a", chain, key, hostnames)]


def test_description(tmp_path: Path) -> None:
    """It says what the library that made the certificate says."""
    authority = pair(subject="authority")
    leaf = pair("a.test", "*.a.test", issuer=authority)
    chain, _ = leaf.write(tmp_path, authority)
    described = x509.describe(chain)
    certificate = leaf.certificate
    assert described == x509.Description(
        names=("a.test", "*.a.test"),
        subject="CN=leaf",
        issuer="CN=authority",
        serial=leaf.serial,
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        placeholder=False,
    )
    assert [one.subject for one in x509.certificates(chain)] == ["CN=leaf", "CN=authority"]


def test_description_of_nothing(tmp_path: Path) -> None:
    """What is no certificate is a ValueError, what is not there an OSError."""
    junk = tmp_path / "junk"
    for text in (b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        junk.write_bytes(text)
        with pytest.raises(ValueError, match="certificate"):
            x509.describe(junk)
    with pytest.raises(OSError, match="nowhere"):
        x509.describe(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("hostname", "covered"),
    [
        ("a.test", True),
        ("A.Test.", True),
        ("b.a.test", True),
        ("*.a.test", True),
        ("c.b.a.test", False),
        ("test", False),
        ("other.test", False),
        ("*.test", False),
    ],
)
def test_names(tmp_path: Path, hostname: str, covered: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A wildcard stands for one label."""
    chain, key = pair("a.test", "*.a.test").write(tmp_path)
    assert x509.describe(chain).covers(hostname) is covered
    assert codes(chain, key, hostname) == ([] if covered else [findings.NAMES.code])


def test_a_good_pair(tmp_path: Path) -> None:
    """Nothing is found where nothing is wrong."""
    authority = pair(subject="authority")
    assert codes(*pair("a.test", issuer=authority).write(tmp_path, authority), "a.test") == []


def test_files_that_are_no_pair(tmp_path: Path) -> None:
    """Missing, unreadable, not PEM, of another key: each has its code."""
    good, other = pair("a.test"), pair("a.test")
    chain, key = good.write(tmp_path)
    assert codes(tmp_path / "no", key) == [findings.MISSING.code]
    assert codes(tmp_path / "no", tmp_path / "nor") == [findings.MISSING.code, findings.MISSING.code]
    assert codes(tmp_path, key) == [findings.UNREADABLE.code]
    assert codes(key, key) == [findings.NOT_PEM.code]
    assert codes(chain, chain) == [findings.NOT_PEM.code]
    chain.write_bytes(good.certificate.public_bytes(serialization.Encoding.DER))
    assert codes(chain, key) == [findings.NOT_PEM.code]
    chain.write_bytes(other.chain_pem)
    assert codes(chain, key) == [findings.MISMATCH.code]


def test_an_encrypted_key(tmp_path: Path) -> None:
    """Nobody is asked for a password."""
    good = pair("a.test")
    chain, key = good.write(tmp_path)
    encryption = serialization.BestAvailableEncryption(b"secret")
    key.write_bytes(good.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    assert codes(chain, key) == [findings.NOT_PEM.code]


@pytest.mark.parametrize(
    ("days", "kind"), [((-9, -1), findings.EXPIRED), ((1, 9), findings.NOT_YET_VALID), ((-9, 1), None)]
)
def test_validity(tmp_path: Path, days: tuple[int, int], kind: Kind | None) -> None:
    """Clients trust a certificate between two moments."""
    assert codes(*pair("a.test", days=days).write(tmp_path)) == ([kind.code] if kind else [])


def test_chain(tmp_path: Path) -> None:
    """A chain goes from the leaf upwards, with nothing left out."""
    root = pair(subject="root")
    middle = pair(subject="middle", issuer=root)
    leaf = pair("a.test", issuer=middle)
    assert codes(*leaf.write(tmp_path, middle)) == []
    assert codes(*leaf.write(tmp_path)) == [findings.CHAIN.code]
    assert codes(*leaf.write(tmp_path, root, middle)) == [findings.CHAIN.code]


@pytest.mark.parametrize(
    ("days", "late"),
    [
        ((-60, 30), False),
        ((-68, 22), False),
        ((-70, 20), True),
        ((-340, 25), False),
        ((-345, 20), True),
        ((-4, 2), False),
        ((-5, 1), True),
        ((-9, -1), True),
    ],
)
def test_soon(tmp_path: Path, days: tuple[int, int], late: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A renewal is late when a quarter of the lifetime is left, three weeks at the most."""
    chain, _ = pair("a.test", days=days).write(tmp_path)
    assert soon(x509.describe(chain)) is late


def listener(shown: Pair, folder: Path) -> tuple[socket.socket, threading.Thread]:
    """A TLS listener for one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*shown.write(folder))
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        accepted, _ = listening.accept()
        with accepted, context.wrap_socket(accepted, server_side=True) as connection:
            connection.recv(1)

    thread = threading.Thread(target=accept)
    thread.start()
    return listening, thread


def test_served(tmp_path: Path) -> None:
    """What a listener presents is described like a file, trusted or not."""
    listening, thread = listener(pair("a.test", days=(-9, -1)), tmp_path)
    with listening:
        assert x509.served("127.0.0.1", listening.getsockname()[1], "a.test") == x509.describe(
            tmp_path / "fullchain.pem"
        )
        thread.join()


def test_nothing_served() -> None:
    """A listener that is not there is an OSError."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        x509.served("127.0.0.1", port, "a.test")


def test_placeholder(tmp_path: Path) -> None:
    """Each lineage without a certificate gets a placeholder for all its names; what is there stays."""
    need("openssl")
    layout = Layout(tmp_path, lineages={"one": ["a.test", "*.a.test"], "two": ["b.test"], "three": ["c.test"]})
    real = pair("c.test")
    real.write(layout.certificates / "three" / "real")
    (layout.certificates / "three" / "current").symlink_to("real")
    bundle = load(make_bundle(layout))
    assert placeholder.ensure(bundle) == ["one", "two"]
    chain, key = map(Path, layout.pair("one"))
    described = x509.describe(chain)
    assert described.placeholder and described.names == ("a.test", "*.a.test")
    assert 29 < (described.not_after - time.time()) / 86400 < 31
    assert codes(chain, key, "a.test", "b.a.test") == [findings.PLACEHOLDER.code]
    assert x509.describe(Path(layout.pair("three")[0])).serial == real.serial
    assert placeholder.ensure(bundle) == []


def test_placeholder_without_openssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without openssl is told what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    bundle = load(make_bundle(Layout(tmp_path, lineages={"one": ["a.test"]})))
    with pytest.raises(Refusal) as refusal:
        placeholder.ensure(bundle)
    assert refusal.value.finding.kind is findings.NO_OPENSSL


def test_placeholder_that_openssl_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What openssl says last is told, and nothing is published."""
    program = tmp_path / "openssl"
    program.write_text("#!/bin/sh\necho first >&2\necho the reason >&2\nexit 1\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    layout = Layout(tmp_path, lineages={"one": ["a.test"]})
    with pytest.raises(Refusal, match="the reason") as refusal:
        placeholder.ensure(load(make_bundle(layout)))
    assert refusal.value.finding.kind is findings.NO_PLACEHOLDER
    assert not list(layout.certificates.iterdir())
