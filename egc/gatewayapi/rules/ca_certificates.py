"""CA certificates: references to ConfigMaps and Secrets, and whether what they hold can be trusted at all.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicyvalidation
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, cast

from egc.diagnostics import Located, Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.models.shared import LocalObjectReference, ObjectReference
from egc.gatewayapi.rules.certificates import value
from egc.gatewayapi.rules.grants import Target, permitted, refusal
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from egc.kube.core import ConfigMap, Secret

KEY = "ca.crt"

MISSING = Rule(
    code="EGC2160",
    severity=Severity.ERROR,
    title="CA certificate does not exist",
    explanation="""
        The reference names a ConfigMap or Secret that no document defines. Certificates of authorities are part of the
        input; only those that a listener presents may lie on the host alone.

        ```yaml
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: internal-ca}
        data:
          ca.crt: |
            -----BEGIN CERTIFICATE-----
            ...
            -----END CERTIFICATE-----
        ```
        """,
    help="add the ConfigMap to the input",
)
WRONG_KIND = Rule(
    code="EGC2161",
    severity=Severity.ERROR,
    title="reference to a kind that holds no CA certificate",
    explanation="""
        CA certificates are in a core ConfigMap or a core Secret, under the key `ca.crt`.

        ```yaml
        caCertificateRefs:
        - {group: "", kind: ConfigMap, name: internal-ca}
        ```
        """,
    help='refer to a ConfigMap (group: "", kind: ConfigMap)',
)
NO_KEY = Rule(
    code="EGC2162",
    severity=Severity.ERROR,
    title="CA certificate is not under ca.crt",
    explanation="The certificates are looked for under the key `ca.crt`; of several other keys none can be meant.",
    help="put the certificates under ca.crt",
)
OTHER_KEY = Rule(
    code="EGC2163",
    severity=Severity.WARNING,
    title="CA certificate under another key than ca.crt",
    explanation="""
        The specification asks for the key `ca.crt`. Where there is just one key, it is taken whatever its name is, as
        Envoy Gateway does; other controllers refuse it.
        """,
    help="rename the key to ca.crt",
)
NOT_PEM = Rule(
    code="EGC2164",
    severity=Severity.ERROR,
    title="CA certificate is not PEM",
    explanation="""
        The value has no block that begins with `-----BEGIN CERTIFICATE-----`. In `data` of a ConfigMap it is text as it
        is; base64 belongs into `binaryData`, or into `data` of a Secret.
        """,
)
BROKEN_MEMBER = Rule(
    code="EGC2165",
    severity=Severity.ERROR,
    title="CA certificate cannot be read",
    explanation="""
        One block between `-----BEGIN CERTIFICATE-----` and `-----END CERTIFICATE-----` is no certificate: it was cut or
        changed. Envoy would refuse the whole file.
        """,
    help="replace or remove that certificate",
)
EXPIRED = Rule(
    code="EGC2166",
    severity=Severity.WARNING,
    title="CA certificate has expired",
    explanation="""
        Nothing that an expired authority has signed is accepted. The build goes on, since the date of the build need
        not be that of the service.
        """,
    help="replace the certificate",
)


class Why(Enum):
    """What is wrong with a reference, as conditions tell it apart."""

    REF = "ref"
    KIND = "kind"
    GRANT = "grant"


class Problem(NamedTuple):
    """Why a reference gives no certificates; it was reported."""

    why: Why
    message: str


def resolve(
    resources: Resources, source: Resource, refs: Iterable[LocalObjectReference | ObjectReference], sink: Sink
) -> tuple[str, list[Problem]]:
    """The certificates that *source* refers to, as PEM, and what is wrong with those that are left out."""
    found = [_one(resources, source, ref, sink) for ref in refs]
    texts = [part for part in found if isinstance(part, str)]
    return "".join(texts), [part for part in found if isinstance(part, Problem)]


def _one(
    resources: Resources, source: Resource, ref: LocalObjectReference | ObjectReference, sink: Sink
) -> str | Problem:
    if (ref.group, ref.kind) not in {("", "ConfigMap"), ("", "Secret")}:
        message = f'"{ref.kind}" of group "{ref.group}" holds no CA certificate'
        sink.report(WRONG_KIND, ref.at("kind"), message)
        return Problem(Why.KIND, message)
    namespace = getattr(ref, "namespace", None) or source.namespace
    target = Target("", ref.kind, namespace, ref.name)
    if not permitted(resources, source, target):
        message = f'{ref.kind} "{ref.name}" is in namespace "{namespace}", which does not grant the reference'
        rule, help, related = refusal(resources, source, target)
        sink.report(rule, ref.at("namespace"), message, help=help, related=related)
        return Problem(Why.GRANT, message)
    resource = resources.get(*target)
    if resource is None:
        message = f'{ref.kind} "{ref.name}" does not exist in namespace "{namespace}"'
        if not resources.is_broken(*target):
            sink.report(MISSING, ref.at("name"), message, help=_advice(resources, target))
        return Problem(Why.REF, message)
    return _read(resource, ref, sink)


def _advice(resources: Resources, target: Target) -> str:
    other = "Secret" if target.kind == "ConfigMap" else "ConfigMap"
    if target.name in resources.names("", other, target.namespace):
        return f"there is a {other} of that name: write kind: {other}"
    elsewhere = sorted(k.namespace for k in resources.sound if (k.kind, k.name) == (target.kind, target.name))
    if elsewhere:
        return f'there is one in namespace "{elsewhere[0]}"'
    return did_you_mean(target.name, resources.names("", target.kind, target.namespace))


def _read(resource: Resource, ref: LocalObjectReference | ObjectReference, sink: Sink) -> str | Problem:
    """The certificates in one object."""
    what, here = f'{resource.kind} "{resource.name}"', [(ref.at("name"), "referred to here")]
    fields = _keys(resource)
    if KEY not in fields and len(fields) != 1:
        message = f"{what} has no {KEY}"
        held = f"its keys: {', '.join(sorted(fields))}" if fields else "its data is empty"
        help = f"put the certificates under {KEY}; {held}"
        sink.report(NO_KEY, resource.at("metadata", "name"), message, help=help, related=here)
        return Problem(Why.REF, message)
    key = KEY if KEY in fields else next(iter(fields))
    at = resource.at(fields[key], key).key
    if key != KEY:
        sink.report(OTHER_KEY, at, f'{what} has its certificate under "{key}"', related=here)
    text = _text(resource, fields[key], key)
    blocks = list(_blocks(text))
    if not blocks:
        message = f"{what} has no PEM certificate under {key}"
        sink.report(NOT_PEM, at, message, help=_mend(text), related=here)
        return Problem(Why.REF, message)
    found: list[Certificate] = []
    for number, block in enumerate(blocks, 1):
        certificate = _parsed(block)
        which = f"certificate {number} of {len(blocks)}" if len(blocks) > 1 else "the certificate"
        if certificate is None:
            message = f"{which} under {key} of {what} cannot be read"
            sink.report(BROKEN_MEMBER, at, message, related=here)
            return Problem(Why.REF, message)
        _date(certificate, f"{which} under {key} of {what}", at, sink)
        found.append(certificate)
    return "".join(_written(certificate) for certificate in found)


def _keys(resource: Resource) -> dict[str, str]:
    """The keys of a ConfigMap or Secret, each with the field that it stands in; later fields win."""
    if resource.kind == "Secret":
        secret = cast("Secret", resource)
        return dict.fromkeys(secret.data, "data") | dict.fromkeys(secret.string_data, "stringData")
    held = cast("ConfigMap", resource)
    return dict.fromkeys(held.data, "data") | dict.fromkeys(held.binary_data, "binaryData")


def _text(resource: Resource, field: str, key: str) -> str:
    if resource.kind == "Secret":
        return (value(cast("Secret", resource), key) or b"").decode("ascii", "replace")
    held = cast("ConfigMap", resource)
    if field == "data":
        return held.data[key]
    return b64decode(held.binary_data[key]).decode("ascii", "replace")


_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def _blocks(text: str) -> Iterator[str]:
    """The certificates in a text, broken ones too; what stands between them is a comment."""
    for part in text.replace("\r\n", "\n").split(_BEGIN)[1:]:
        yield f"{_BEGIN}{part.partition(_END)[0]}{_END}"


def _parsed(block: str) -> Certificate | None:
    from cryptography import x509  # noqa: PLC0415 - most builds do without it

    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        return None


def _written(certificate: Certificate) -> str:
    """In the one form that all readers take; some do without line ends."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - as above

    return certificate.public_bytes(Encoding.PEM).decode()


def _mend(text: str) -> str:
    if not text.strip():
        return "it is empty: put the certificate there"
    if text.lstrip().startswith("LS0tLS1CRUdJTi"):  # base64 of the first line of any PEM file
        return "it is base64: decode it, or put it under binaryData"
    return "put the certificate there, in PEM"


def _date(certificate: Certificate, what: str, at: Located, sink: Sink) -> None:
    if certificate.not_valid_after_utc < datetime.now(UTC):
        sink.report(EXPIRED, at, f"{what} expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
