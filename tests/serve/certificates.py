"""Throw-away certificates."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def throwaway(folder: Path, names: Iterable[str]) -> tuple[Path, Path]:
    """Write a self-signed certificate for the DNS *names* and its key into *folder*; both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "throw-away")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain_file, key_file = folder / "throw-away.pem", folder / "throw-away.key"
    chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain_file, key_file


PKI = Path(__file__).with_name("pki")
"""Certificates that fixtures know, ``<name>.crt`` and ``<name>.key``, made by ``python -m tests.serve.certificates``.

``<name>-ca.crt`` are authorities. A backend whose host is the name of a certificate shows it, see echo.py.
"""
_YEARS = datetime.timedelta(days=36500)


def known(name: str) -> tuple[Path, Path] | None:
    """The certificate of that name and its key, if there is one."""
    pair = PKI / f"{name}.crt", PKI / f"{name}.key"
    return pair if pair[1].exists() else None


def _issue(
    name: str, names: Iterable[x509.GeneralName], issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    """Write a certificate, one of an authority if nobody issues it; whose keys then are lost when the program ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by, with_key = issuer or (subject, key)
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _YEARS)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (PKI / f"{name}.key").write_bytes(secret)
    certificate = builder.sign(with_key, hashes.SHA256())
    (PKI / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return subject, key


def main() -> None:
    """Make all of them anew; fixtures that quote them have to follow."""
    PKI.mkdir(exist_ok=True)
    backends, others, clients = _issue("backends-ca", []), _issue("others-ca", []), _issue("clients-ca", [])
    spiffe = x509.UniformResourceIdentifier("spiffe://shop.example/web")
    _issue("shop.internal", [x509.DNSName("shop.internal"), spiffe], backends)
    _issue("wild.internal", [x509.DNSName("*.internal")], backends)
    _issue("strict.internal", [x509.DNSName("strict.internal")], backends)
    _issue("stranger.internal", [x509.DNSName("shop.internal")], others)
    _issue("gateway", [x509.DNSName("gateway.example")], clients)
    _issue("alice", [x509.RFC822Name("alice@shop.example")], clients)
    _issue("mallory", [x509.RFC822Name("mallory@shop.example")], others)


if __name__ == "__main__":
    main()
