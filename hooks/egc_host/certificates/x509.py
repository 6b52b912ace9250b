"""What a certificate says, read from a file or from who serves it."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pathlib import Path

PLACEHOLDER = "egc placeholder"
"""Organisation in the subject of a placeholder."""

_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SHORT = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
}


@dataclass(frozen=True)
class Description:
    """A certificate. Times are in seconds since the epoch; ``serial`` and ``fingerprint`` (SHA-256) are hexadecimal."""

    names: tuple[str, ...]
    subject: str
    issuer: str
    serial: str
    not_before: int
    not_after: int
    fingerprint: str
    placeholder: bool
    """Whether it only stands in until the first issuance."""

    def covers(self, hostname: str) -> bool:
        """Whether it is valid for a hostname; "*.example" needs the same wildcard, which stands for one label."""
        hostname = hostname.lower().rstrip(".")
        parent = "*." + hostname.partition(".")[2]
        return any(name.lower() in {hostname, parent} for name in self.names)


def describe(chain: Path) -> Description:
    """The first certificate of a PEM file; OSError if it cannot be read, ValueError if it holds none."""
    return certificates(chain)[0]


def described(chain: Path) -> Description | None:
    """The same; None instead of an error."""
    try:
        return describe(chain)
    except (OSError, ValueError):
        return None


def certificates(chain: Path) -> list[Description]:
    """Each certificate of a PEM file, at least one; OSError if it cannot be read, ValueError if it holds none."""
    blocks: list[str] = _PEM.findall(chain.read_bytes().decode("ascii", "replace"))
    if not blocks:
        raise ValueError("it holds no PEM certificate")
    return [_description(block) for block in blocks]


def served(host: str, port: int, server_name: str, timeout: float = 5.0) -> Description:
    """What a TLS listener presents to a client that asks for *server_name*; OSError if it does not, ValueError if odd.

    ``timeout`` is in seconds, for the connection and then for each step of the handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the question is which certificate it is, not whether to trust it
    with (
        socket.create_connection((host, port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as connection,
    ):
        presented = connection.getpeercert(binary_form=True)
    if presented is None:
        raise ValueError("it presents no certificate")
    return _description(ssl.DER_cert_to_PEM_cert(presented))


def _description(pem: str) -> Description:
    decoded = _decode(pem + "\n")
    subject, issuer = _name(decoded.get("subject", ())), _name(decoded.get("issuer", ()))
    organisations = [value for part in decoded.get("subject", ()) for key, value in part if key == "organizationName"]
    return Description(
        names=tuple(value for kind, value in decoded.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}),
        subject=subject,
        issuer=issuer,
        serial=decoded["serialNumber"],
        not_before=int(ssl.cert_time_to_seconds(decoded["notBefore"])),
        not_after=int(ssl.cert_time_to_seconds(decoded["notAfter"])),
        fingerprint=hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest(),
        placeholder=subject == issuer and PLACEHOLDER in organisations,
    )


def _decode(pem: str) -> dict[str, Any]:
    """What the module ssl makes of a certificate. Its decoder wants a file; this one takes no disk, full or not."""
    descriptor = os.memfd_create("certificate")
    try:
        os.write(descriptor, pem.encode())
        path = f"/proc/self/fd/{descriptor}"
        internal = ssl._ssl  # type: ignore[attr-defined]  # noqa: SLF001 - the library has no public decoder of unverified certificates
        return cast("dict[str, Any]", internal._test_decode_cert(path))  # noqa: SLF001 - see above
    except ssl.SSLError as error:
        raise ValueError(f"its certificate cannot be read: {error}") from error
    finally:
        os.close(descriptor)


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for part in parts for key, value in part)
