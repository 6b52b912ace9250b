"""The files of a build, none of them on disk yet."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from egc import __version__
from egc.artifacts import targets
from egc.artifacts.artifact import Artifact
from egc.artifacts.host import Configuration
from egc.emit import secrets
from egc.envoy import api as pb
from egc.envoy import printer
from egc.envoygateway.rules.route_filter_values import credential
from egc.features.certificate_refs import sds_path, watched
from egc.gatewayapi.rules.certificates import value
from egc.plan import names
from egc.plan.model import Plan
from egc.profile import Profile
from egc.source import Document

_SECRET_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Bundle:
    """All files of a build."""

    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a bundle was made from and for: the host, a digest of the input, and the version of Envoy."""

    profile: Profile
    digest: str
    envoy: str


def digest_of(documents: Iterable[Document], profile: Profile) -> str:
    """A digest of the input that depends neither on the files' names nor on the order of documents and keys."""
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
    lines = sorted(encode(document.data) for document in documents)
    total = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass"))
    told = profile.model_dump(by_alias=True, exclude_unset=True)
    total.update(json.dumps(told, sort_keys=True, default=str).encode())
    return total.hexdigest()


def bundle_up(
    plain: dict[str, Any],
    plan: Plan,
    statuses: list[dict[str, Any]],
    origin: Origin,
    format: Literal["yaml", "json"],
    *,
    inline_secrets: bool,
) -> Bundle:
    """Envoy's configuration, statuses, certificates of the input, what the target asks for, and a manifest of all."""
    files = [_configuration(plain, origin, format), Artifact("status.yaml", printer.to_yaml(statuses).encode())]
    for certificate in plan.certificates:
        if certificate.secret is not None and not inline_secrets:
            for path, key in zip(secrets.files(certificate), ("tls.crt", "tls.key"), strict=True):
                files.append(Artifact(path, value(certificate.secret, key) or b"", _SECRET_MODE))
            if certificate.staple:
                files.append(Artifact(secrets.staple_file(certificate), certificate.staple))
        if watched(certificate, origin.profile):
            resource = pb.to_plain(secrets.watched_secret(certificate))
            kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
            text = printer.to_yaml({"resources": [{"@type": kind, **resource}]})
            files.append(Artifact(sds_path(certificate), text.encode()))
    if not inline_secrets:
        injected = [(names.credential(secret.namespace, secret.name), secret) for secret in plan.credentials]
        files += [Artifact(path, credential(secret), _SECRET_MODE) for path, secret in injected]
        files += [Artifact(path, pem.encode()) for path, pem in secrets.authorities(plan).items()]
    files += targets.files(Configuration(origin.envoy, f"envoy.{format}", plain), plan, origin.profile)
    files.append(_manifest(files, plan, origin))
    return Bundle(tuple(sorted(files, key=lambda artifact: artifact.path)))


def _configuration(plain: dict[str, Any], origin: Origin, format: Literal["yaml", "json"]) -> Artifact:
    if format == "json":
        return Artifact("envoy.json", printer.to_json(plain).encode("utf-8", "surrogatepass"))
    header = (
        f"# Made by egc {__version__} for Envoy {origin.envoy}; edit the input, not this file.\n"
        f"# input sha256:{origin.digest}\n"
    )
    return Artifact("envoy.yaml", (header + printer.to_yaml(plain)).encode())


def _manifest(files: list[Artifact], plan: Plan, origin: Origin) -> Artifact:
    """Digests of the input and of every file, the versions, and the certificates that the host must provide."""
    content = {
        "format": 1,
        "egc": __version__,
        "envoy": origin.envoy,
        "target": origin.profile.target,
        "input": f"sha256:{origin.digest}",
        "files": {
            artifact.path: {
                "sha256": hashlib.sha256(artifact.content).hexdigest(),
                "mode": f"{artifact.mode:04o}",
            }
            for artifact in sorted(files, key=lambda artifact: artifact.path)
        },
        "certificates": [
            {
                "name": certificate.name,
                "chain": certificate.chain_file,
                "key": certificate.key_file,
                "lineage": certificate.lineage or None,
                "hostnames": list(certificate.hostnames),
            }
            for certificate in plan.certificates
            if certificate.secret is None
        ],
    }
    return Artifact("manifest.json", (json.dumps(content, indent=2) + "\n").encode())
