"""A bundle as `egc build` writes it: manifest.json says what is in it, host.json what the host needs to know."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egc_host import shape
from egc_host.findings import Finding, Refusal
from egc_host.findings import bundle as findings

FORMAT = 1
_DIGEST = 12


@dataclass(frozen=True)
class Lineage:
    """A certificate that certbot keeps; ``certbot`` holds the options that ask for it, if egc.yaml says how."""

    name: str
    hostnames: tuple[str, ...]
    chain: str
    key: str
    certbot: tuple[str, ...] | None


@dataclass(frozen=True)
class Listener:
    """A port that Envoy will listen on, ``published`` to clients as another or (0) as it is; "tcp" or "udp"."""

    name: str
    address: str
    port: int
    protocol: str
    published: int = 0
    tls: bool = False


@dataclass(frozen=True)
class Backend:
    """Where requests go: host and port, or the path of a socket."""

    cluster: str
    host: str = ""
    port: int = 0
    path: str = ""


@dataclass(frozen=True)
class Envoy:
    """How Envoy is to be run. Times are in seconds, sizes in bytes."""

    version: str
    config: str
    admin: str
    user: str
    path: str | None = None
    base_id: int = 0
    concurrency: int | None = None
    drain_time: int = 20
    parent_shutdown_time: int = 30
    stop_drain_time: int = 5
    memory: int | None = None
    open_files: int = 0
    capabilities: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk. ``digest`` names it: twelve hex digits of the manifest's SHA-256."""

    folder: Path
    digest: str
    files: dict[str, tuple[str, int]] = field(repr=False)
    site: str
    target: str
    envoy: Envoy
    run: Path
    state: Path
    releases: Path
    textfile: Path
    keep: int
    listeners: tuple[Listener, ...]
    backends: tuple[Backend, ...]
    certificates: Path
    reload: str
    lineages: tuple[Lineage, ...]
    pairs: tuple[tuple[str, str, str], ...]
    """Name, chain and key of every certificate; a relative path lies in the bundle."""
    acme: dict[str, Any] | None = None


def load(folder: Path) -> Bundle:
    """Read a bundle; Refusal if it is none, or lacks a file."""
    bundle = read(folder)
    for name in bundle.files:
        if not (bundle.folder / name).is_file():
            raise Refusal(findings.FILE_MISSING, f"{bundle.folder / name} is missing")
    return bundle


def read(folder: Path) -> Bundle:
    """What a bundle says of itself, whether its files are there or not; Refusal if it is none."""
    folder = Path(os.path.realpath(folder))
    manifest, text = _json(folder, "manifest.json")
    host, _ = _json(folder, "host.json")
    for name, data in (("manifest.json", manifest), ("host.json", host)):
        if data.get("format") != FORMAT:
            raise Refusal(findings.OTHER_FORMAT, f"{folder / name} has format {data.get('format')}, not {FORMAT}")
    try:
        shape.check(manifest, shape.MANIFEST, "manifest.json")
        shape.check(host, shape.HOST, "host.json")
        return _bundle(folder, digest_of(text), manifest, host)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(findings.NO_BUNDLE, f"{folder}/host.json or manifest.json is damaged ({error!r})") from error


def digest_of(manifest: bytes) -> str:
    """The name of the bundle that has this manifest."""
    return hashlib.sha256(manifest).hexdigest()[:_DIGEST]


def edited(bundle: Bundle) -> list[Finding]:
    """One finding for each file that is not as it was built."""
    return [
        Finding(findings.EDITED, f"{bundle.folder / name} is not as it was built")
        for name, (digest, _) in sorted(bundle.files.items())
        if hashlib.sha256((bundle.folder / name).read_bytes()).hexdigest() != digest
    ]


def _json(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    try:
        text = (folder / name).read_bytes()
        data = json.loads(text)
    except OSError as error:
        raise Refusal(findings.NO_BUNDLE, f"{folder / name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(findings.NO_BUNDLE, f"{folder / name} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise Refusal(findings.NO_BUNDLE, f"{folder / name} holds no object")
    return data, text


def _bundle(folder: Path, digest: str, manifest: dict[str, Any], host: dict[str, Any]) -> Bundle:
    directories, certificates = host["directories"], host["certificates"]
    return Bundle(
        folder=folder,
        digest=digest,
        files={name: (str(entry["sha256"]), int(entry["mode"], 8)) for name, entry in manifest["files"].items()},
        site=host["site"],
        target=host["target"],
        envoy=_envoy(host["envoy"]),
        run=Path(directories["run"]),
        state=Path(directories["state"]),
        releases=Path(directories["releases"]),
        textfile=Path(directories["textfile"]),
        keep=host["keepReleases"],
        listeners=tuple(Listener(**listener) for listener in host["listeners"]),
        backends=tuple(Backend(**backend) for backend in host["backends"]),
        certificates=Path(certificates["directory"]),
        reload=certificates["reload"],
        lineages=tuple(_lineage(lineage) for lineage in certificates["lineages"]),
        pairs=tuple((pair["name"], pair["chain"], pair["key"]) for pair in certificates["pairs"]),
        acme=_account(host["acme"]),
    )


def _envoy(envoy: dict[str, Any]) -> Envoy:
    return Envoy(
        version=envoy["version"],
        config=envoy["config"],
        admin=envoy["admin"],
        user=envoy["user"],
        path=envoy["path"],
        base_id=envoy["baseId"],
        concurrency=envoy["concurrency"],
        drain_time=envoy["drainTime"],
        parent_shutdown_time=envoy["parentShutdownTime"],
        stop_drain_time=envoy["stopDrainTime"],
        memory=envoy["memory"],
        open_files=envoy["openFiles"],
        capabilities=tuple(envoy["capabilities"]),
        logs=tuple(envoy["logs"]),
    )


def _lineage(lineage: dict[str, Any]) -> Lineage:
    certbot = None if lineage["certbot"] is None else tuple(lineage["certbot"])
    return Lineage(lineage["name"], tuple(lineage["hostnames"]), lineage["chain"], lineage["key"], certbot)


def _account(acme: dict[str, Any] | None) -> dict[str, Any] | None:
    missing = {"email", "server", "port", "eab", "caBundle"} - acme.keys() if acme is not None else set()
    if missing:
        raise KeyError(*sorted(missing))
    return acme
