"""What egc says of certificates and keys is what Envoy says when it loads them."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from egc.compiler import KINDS
from egc.diagnostics import Sink
from egc.envoy import binary
from egc.gatewayapi.models.shared import LocalObjectReference
from egc.gatewayapi.rules import ca_certificates, certificates
from egc.kube.core import Secret
from egc.kube.parse import parse
from egc.kube.resources import Resources
from egc.source import read
from tests.serve.certificates import PKI

_TYPES = "type.googleapis.com/envoy.extensions"

KEYS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),
    "RSA 2040": lambda: rsa.generate_private_key(65537, 2040),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "P-192": lambda: ec.generate_private_key(ec.SECP192R1()),
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "DSA": lambda: dsa.generate_private_key(2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}

ONE, OTHER = ((PKI / name).read_text() for name in ("backends-ca.crt", "others-ca.crt"))
OWN, _KEY = ((PKI / name).read_text() for name in ("alice.crt", "alice.key"))
_LINES = OTHER.splitlines(keepends=True)
CUT = "".join([*_LINES[:3], *_LINES[4:]])

AUTHORITIES = {
    "one": ONE,
    "two": ONE + OTHER,
    "twice": ONE + ONE,
    "with text around": f"the first\n{ONE}the second\n{OTHER}that is all\n",
    "with a key": ONE + _KEY,
    "with the line ends of Windows": ONE.replace("\n", "\r\n"),
    "without a line end": ONE.rstrip(),
    "the second cut": ONE + CUT,
    "the first cut": CUT + ONE,
    "without an end": ONE + OTHER[: len(OTHER) // 2],
    "no certificate": "hello\n",
    "a key alone": _KEY,
    "nothing": "",
    "on one line": ONE.replace("\n", ""),
}


def accepts(envoy: Path, tls: dict[str, object]) -> bool:
    """Whether Envoy loads a TLS context."""
    shown = {"certificate_chain": {"inline_string": OWN}, "private_key": {"inline_string": _KEY}}
    tls = {"tls_certificates": [shown], **tls}
    socket = {"@type": f"{_TYPES}.transport_sockets.tls.v3.DownstreamTlsContext", "common_tls_context": tls}
    echo = {"name": "echo", "typed_config": {"@type": f"{_TYPES}.filters.network.echo.v3.Echo"}}
    chain = {"filters": [echo], "transport_socket": {"name": "tls", "typed_config": socket}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    listener = {"name": "listener", "address": address, "filter_chains": [chain]}
    text = json.dumps({"static_resources": {"listeners": [listener]}})
    return binary.validate(envoy, text, suffix=".json") is None


def pair(key: CertificateIssuerPrivateKeyTypes) -> dict[str, str]:
    """A certificate for a key, and the key, as a Secret has them."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36500))
    )
    plain = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return {
        "tls.crt": builder.sign(key, None if plain else hashes.SHA256()).public_bytes(encoding).decode(),
        "tls.key": key.private_bytes(encoding, form, serialization.NoEncryption()).decode(),
    }


def parsed(*objects: dict[str, object]) -> Resources:
    """Objects as the rules get them."""
    return parse(read("site.yaml", yaml.safe_dump_all(objects), Sink()), KINDS, Sink())


@pytest.mark.parametrize("kind", KEYS)
def test_keys(kind: str, envoy: Path) -> None:
    """A key is unfit if Envoy refuses its certificate."""
    data = pair(KEYS[kind]())
    metadata = {"name": "shop"}
    resources = parsed(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "stringData": data}
    )
    (secret,) = resources.of(Secret)
    judged = certificates.judge(secret, Sink())
    inline = {
        "certificate_chain": {"inline_string": data["tls.crt"]},
        "private_key": {"inline_string": data["tls.key"]},
    }
    assert (judged.rule is None) is accepts(envoy, {"tls_certificates": [inline]})
    assert judged.problem == "" or judged.rule is certificates.WRONG_KEY


@pytest.mark.parametrize("name", AUTHORITIES)
def test_authorities(name: str, envoy: Path) -> None:
    """What egc takes out of a file, Envoy loads; what egc refuses, Envoy would refuse."""
    metadata = {"name": "ca"}
    resources = parsed(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": AUTHORITIES[name]}}
    )
    (held,) = resources.all()
    ref = LocalObjectReference(group="", kind="ConfigMap", name="ca")
    pem, problems = ca_certificates.resolve(resources, held, [ref], Sink())
    loaded = accepts(envoy, {"validation_context": {"trusted_ca": {"inline_string": pem or AUTHORITIES[name]}}})
    assert bool(pem) is loaded
    assert bool(problems) is not loaded
    assert "PRIVATE" not in pem


def test_the_broken_one_is_named() -> None:
    """Of several certificates the one that cannot be read is told."""
    resources = parsed(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca"}, "data": {"ca.crt": ONE + CUT}}
    )
    (held,) = resources.all()
    sink = Sink()
    ca_certificates.resolve(resources, held, [LocalObjectReference(group="", kind="ConfigMap", name="ca")], sink)
    (found,) = sink.sorted()
    assert found.rule is ca_certificates.BROKEN_MEMBER
    assert found.message.startswith("certificate 2 of 2")
