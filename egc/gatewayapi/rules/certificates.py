"""Certificates inside Secrets: whether a server could present them."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink

if TYPE_CHECKING:
    from egc.kube.core import Secret

EXPIRED = Rule(
    code="EGC2041",
    severity=Severity.WARNING,
    title="certificate has expired",
    explanation="Clients refuse an expired certificate. The build goes on: it may be replaced before it is served.",
    help="renew the certificate",
)


def value(secret: Secret, key: str) -> bytes | None:
    """The bytes of one entry of a Secret, or None where it has none or it is not base64."""
    if key in secret.string_data:
        return secret.string_data[key].encode()
    try:
        return b64decode(secret.data[key], validate=True) if key in secret.data else None
    except NotBase64:
        return None


def problem(secret: Secret, sink: Sink) -> str | None:
    """Why the Secret cannot serve as a certificate, in words that follow its name; None when it can."""
    if secret.type not in (None, "kubernetes.io/tls"):
        return f'has type "{secret.type}", not kubernetes.io/tls'
    chain, key = value(secret, "tls.crt"), value(secret, "tls.key")
    if not chain or not key:
        return f"has no usable {'tls.crt' if not chain else 'tls.key'}"
    # Costs 50 ms to import, and most sites keep their certificates on the host.
    from cryptography import x509  # noqa: PLC0415 - most builds do without it
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - most builds do without it

    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        return "has a tls.crt that is not a PEM certificate"
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        return "has a tls.key that is not an unencrypted PEM key"
    if private.public_key() != leaf.public_key():
        return "has a tls.key that does not belong to its tls.crt"
    if leaf.not_valid_after_utc < datetime.now(UTC):
        at = secret.at("stringData" if "tls.crt" in secret.string_data else "data", "tls.crt").key
        sink.report(EXPIRED, at, f"certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    return None
