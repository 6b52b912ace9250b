"""Copies of a bundle's configuration: the one that is started, and the one that is kept for a bad day."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path

from egc_host import bundle as bundles
from egc_host.findings import Finding, Refusal
from egc_host.findings import bundle as bundle_findings
from egc_host.findings import reload as findings

FOLDERS = ("ca/", "credential/", "sds/", "tls/")
"""Of a bundle, what Envoy reads besides its configuration."""

_ALWAYS = ("manifest.json", "host.json")
_LAST_GOOD = "last-good"


def take(source: Path, into: Path, *, whole: bool = True) -> list[Finding]:
    """Copy what Envoy reads of a bundle into a new folder; returns a finding for each file that was edited.

    Every file of the manifest is compared with its digest, unless the source is not ``whole`` but a copy itself.
    Refusal if the source is no bundle, lacks a file, or cannot be copied.
    """
    bundles.read(source)  # for what is wrong to be said of the source, not of the copy
    try:
        into.mkdir(mode=0o700, parents=True)
        for name in _ALWAYS:
            _write(into / name, _read(source, name))
        bundle = bundles.read(into)
        found = []
        for name, (digest, _) in sorted(bundle.files.items()):
            wanted = name == bundle.envoy.config or name.startswith(FOLDERS)
            if not (whole or wanted or name in _ALWAYS):
                continue
            content = _read(source, name)
            if hashlib.sha256(content).hexdigest() != digest:
                found.append(Finding(bundle_findings.EDITED, f"{source / name} is not as it was built"))
            if wanted:
                _write(into / name, content)
    except OSError as error:
        raise Refusal(findings.NOT_COPIED, f"{error.filename or into}: {error.strerror}") from error
    return found


def last_good(state: Path) -> Path:
    """Where the configuration is kept that served last. It may be missing."""
    return state / "envoy" / _LAST_GOOD


def keep(snapshot: Path, state: Path) -> None:
    """Make a copy of a snapshot the last good configuration, all of it or nothing. OSError."""
    link = last_good(state)
    folder = link.with_name(f"good-{time.time_ns()}")
    try:
        folder.mkdir(mode=0o700, parents=True)
        for path in sorted(snapshot.rglob("*")):
            if path.is_file():
                _write(folder / path.relative_to(snapshot), path.read_bytes(), durable=True)
        spare = link.with_name(f".{_LAST_GOOD}")
        with contextlib.suppress(FileNotFoundError):
            spare.unlink()
        spare.symlink_to(folder.name)
        spare.replace(link)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for older in link.parent.glob("good-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)


def _read(source: Path, name: str) -> bytes:
    if name.startswith("/") or ".." in Path(name).parts:
        raise Refusal(bundle_findings.NO_BUNDLE, f"{source}/manifest.json names {name}, which is outside")
    try:
        return (source / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if name in _ALWAYS:
            raise Refusal(bundle_findings.NO_BUNDLE, f"{source / name} is missing") from error
        raise Refusal(bundle_findings.FILE_MISSING, f"{source / name} is missing") from error


def _write(path: Path, content: bytes, *, durable: bool = False) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(descriptor)
