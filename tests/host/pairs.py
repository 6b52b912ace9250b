"""Certificates of every kind: expired, chained, of another key."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def chain_pem(self) -> bytes:
        """The certificate alone, as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, as PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def serial(self) -> str:
        """The serial as egc shows it."""
        digits = f"{self.certificate.serial_number:X}"
        return digits if len(digits) % 2 == 0 else f"0{digits}"

    def write(self, folder: Path, *above: "Pair") -> tuple[Path, Path]:
        """Write the chain, with the certificates of *above* below its own, and the key; both paths."""
        folder.mkdir(parents=True, exist_ok=True)
        chain, key = folder / "fullchain.pem", folder / "privkey.pem"
        chain.write_bytes(b"".join(pair.chain_pem for pair in (self, *above)))
        key.write_bytes(self.key_pem)
        return chain, key


def pair(*names: str, days: tuple[float, float] = (-1, 89), subject: str = "leaf", issuer: Pair | None = None) -> Pair:
    """A certificate for *names*, valid from and to so many days from now; self-signed without an *issuer*."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Pair(certificate, key)
