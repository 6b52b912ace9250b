"""Certificates inside Secrets: whether a server could present them."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from egc.diagnostics import Located, Rule, Severity, Sink

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.ocsp import OCSPResponse

    from egc.kube.core import Secret

EXPIRED = Rule(
    code="EGC2041",
    severity=Severity.WARNING,
    title="certificate has expired",
    explanation="Clients refuse an expired certificate. The build goes on: it may be replaced before it is served.",
    help="renew the certificate",
)

WRONG_KEY = Rule(
    code="EGC2174",
    severity=Severity.ERROR,
    title="certificate's key is of a kind that Envoy does not take",
    explanation="""
        Envoy loads RSA keys of 2048 bits and more, EC keys on the curves P-256, P-384 and P-521, and Ed25519 keys,
        which browsers do not accept. With any other, it would refuse the whole configuration.

        ```console
        $ openssl ecparam -genkey -name prime256v1 -noout -out tls.key
        ```
        """,
    help="get a certificate for an RSA key of 2048 bits or an EC key on P-256",
    condition="ResolvedRefs/InvalidCertificateRef",
)
BAD_STAPLE = Rule(
    code="EGC2175",
    severity=Severity.ERROR,
    title="OCSP response that does not belong to its certificate",
    explanation="""
        The key `tls.ocsp-staple` of a Secret holds the answer, in DER, that the authority's OCSP responder gives for
        the certificate under `tls.crt`. Envoy refuses a configuration with any other. Under `--on-error degrade` the
        certificate is served without it.
        """,
    help="ask the responder anew, or remove the key",
)
POOR_STAPLE = Rule(
    code="EGC2176",
    severity=Severity.WARNING,
    title="OCSP response is of no use",
    explanation="""
        Envoy hands out the response while it is valid, and no later: it is part of the build, and a new one needs a new
        build. A response that says that the certificate is revoked tells clients to turn away.
        """,
    help="ask the responder anew, and build again",
)

STAPLE = "tls.ocsp-staple"
_RSA_BITS = 2048
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})


def value(secret: Secret, key: str) -> bytes | None:
    """The bytes of one entry of a Secret, or None where it has none or it is not base64."""
    if key in secret.string_data:
        return secret.string_data[key].encode()
    try:
        return b64decode(secret.data[key], validate=True) if key in secret.data else None
    except NotBase64:
        return None


class Judgement(NamedTuple):
    """What is wrong with a Secret, in words that follow its name ("" where nothing is), and of which rule that is.

    ``staple`` is the OCSP response to hand out with the certificate.
    """

    problem: str = ""
    rule: Rule | None = None
    staple: bytes = b""


def judge(secret: Secret, sink: Sink) -> Judgement:
    """Whether the Secret can serve as a certificate."""
    if secret.type not in (None, "kubernetes.io/tls"):
        return Judgement(f'has type "{secret.type}", not kubernetes.io/tls')
    chain, key = value(secret, "tls.crt"), value(secret, "tls.key")
    if not chain or not key:
        return Judgement(f"has no usable {'tls.crt' if not chain else 'tls.key'}")
    # Costs 50 ms to import, and most sites keep their certificates on the host.
    from cryptography import x509  # noqa: PLC0415 - most builds do without it
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - most builds do without it

    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        return Judgement("has a tls.crt that is not a PEM certificate")
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Judgement("has a tls.key that is not an unencrypted PEM key")
    if private.public_key() != leaf.public_key():
        return Judgement("has a tls.key that does not belong to its tls.crt")
    if (unfit := _unfit(leaf.public_key())) is not None:
        return Judgement(unfit, WRONG_KEY)
    at = secret.at(_field(secret, "tls.crt"), "tls.crt").key
    if leaf.not_valid_after_utc < datetime.now(UTC):
        sink.report(EXPIRED, at, f"certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    return Judgement(staple=_staple(secret, leaf, sink))


def _unfit(key: object) -> str | None:
    """Why Envoy, or rather BoringSSL, does not take a key.

    https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/tls/context_impl.cc
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - as above

    if isinstance(key, rsa.RSAPublicKey):
        return None if key.key_size >= _RSA_BITS else f"has an RSA key of {key.key_size} bits, less than {_RSA_BITS}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        curve = key.curve.name
        return None if curve in _CURVES else f"has a key on curve {curve}, not P-256, P-384 or P-521"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return None
    return f"has a key of type {type(key).__name__.removesuffix('PublicKey').lstrip('_')}, not RSA or EC"


def _staple(secret: Secret, leaf: Certificate, sink: Sink) -> bytes:
    """The OCSP response of the Secret, if there is one that fits; Envoy would not start with one that does not."""
    found = value(secret, STAPLE)
    if not found:
        return b""
    from cryptography.x509 import ocsp  # noqa: PLC0415 - hardly any build has one

    at = secret.at(_field(secret, STAPLE), STAPLE).key
    try:
        response = ocsp.load_der_ocsp_response(found)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            fault = "says that it could not be made"
        elif response.serial_number != leaf.serial_number:
            fault = "is for another certificate"
        else:
            _note_staple(response, at, sink)
            return found
    except ValueError:
        fault = "is not an OCSP response in DER"
    sink.report(BAD_STAPLE, at, f'{STAPLE} of Secret "{secret.name}" {fault}')
    return b""


def _note_staple(response: OCSPResponse, at: Located, sink: Sink) -> None:
    until, status = response.next_update_utc, response.certificate_status.name.lower()
    if status != "good":
        sink.report(POOR_STAPLE, at, f"OCSP response says that the certificate is {status}")
    elif until is not None and until < datetime.now(UTC):
        sink.report(POOR_STAPLE, at, f"OCSP response expired on {until:%Y-%m-%d}")


def _field(secret: Secret, key: str) -> str:
    return "stringData" if key in secret.string_data else "data"
