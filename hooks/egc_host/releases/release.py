"""From a bundle to a release: the same files, checked while they are copied, with the owners of this host."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from egc_host import bundle as bundles
from egc_host.bundle import Bundle
from egc_host.findings import Finding, Refusal
from egc_host.findings import bundle as damage
from egc_host.findings import release as findings
from egc_host.findings.reload import ACCEPTED
from egc_host.releases.places import Places
from egc_host.releases.writing import Owner, create, flush, guard, read

_MANIFEST = "manifest.json"
_UNFINISHED = ".tmp-"
NEVER_SERVED = 0
"""The modification time, in seconds, of a release that was not served yet."""


@dataclass(frozen=True)
class Source:
    """A bundle that may become a release. ``digest`` differs from the bundle's if edits were accepted."""

    bundle: Bundle
    manifest: bytes
    digest: str
    accepted: tuple[Finding, ...]


def examine(folder: Path, *, accept_edited: bool) -> Source:
    """Read a bundle; Refusal if it is none, lacks a file, or was edited and that is not accepted."""
    bundle = bundles.load(folder)
    for name in bundle.files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or _leads_away(bundle.folder, path):
            raise Refusal(findings.BAD_PATH, f"{bundle.folder}/manifest.json lists {name!r}")
    manifest = read(bundle.folder / _MANIFEST)
    if bundles.digest_of(manifest) != bundle.digest:
        raise Refusal(damage.EDITED, f"{bundle.folder / _MANIFEST} changed while it was read")
    edited = bundles.edited(bundle)
    if not edited:
        return Source(bundle, manifest, bundle.digest, ())
    if not accept_edited:
        more = f", and {len(edited) - 1} more" if len(edited) > 1 else ""
        raise Refusal(damage.EDITED, edited[0].message + more)
    # From here on it counts as built so, and says that it was not.
    data = json.loads(manifest)
    for name in bundle.files:
        data["files"][name]["sha256"] = hashlib.sha256(read(bundle.folder / name)).hexdigest()
    data["edited"] = True
    manifest = (json.dumps(data, indent=2) + "\n").encode()
    accepted = tuple(Finding(ACCEPTED, finding.message) for finding in edited)
    return Source(bundle, manifest, bundles.digest_of(manifest), accepted)


def strangers(bundle: Bundle) -> list[Finding]:
    """A warning for each file that the manifest does not list."""
    found = []
    for below, _, names in os.walk(bundle.folder):
        for name in names:
            path = str((Path(below) / name).relative_to(bundle.folder))
            if path not in bundle.files and path != _MANIFEST:
                found.append(Finding(findings.STRANGER, f"{path} is not of the bundle and is not installed"))
    return sorted(found, key=lambda finding: finding.message)


def whole(release: Path) -> bool:
    """Whether a release is there, with every file as it was built."""
    try:
        return not release.is_symlink() and not bundles.edited(bundles.load(release))
    except (Refusal, OSError):
        return False


def sweep(places: Places) -> None:
    """Remove what was left by an install that was killed; the caller holds the lock."""
    guard(places.releases)
    for path in places.releases.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)


def unfinished(places: Places) -> bool:
    """Whether :func:`sweep` would find anything."""
    return any(places.releases.glob(f"{_UNFINISHED}*"))


def copy(source: Source, places: Places, group: int) -> None:
    """Make the release: complete on disk before it gets its name. *group* may read the keys, -1 for nobody.

    A release of that name that is not whole is replaced; when it was taken up stays known.
    """
    release = places.release(source.digest)
    guard(places.releases)
    guard(release)
    fresh = places.releases / f"{_UNFINISHED}{source.digest}"
    aside = places.releases / f"{_UNFINISHED}{source.digest}-replaced"
    fresh.mkdir(0o755)
    try:
        listed = json.loads(source.manifest)["files"]
        for name, (_, mode) in source.bundle.files.items():
            content = read(source.bundle.folder / name)
            if hashlib.sha256(content).hexdigest() != listed[name]["sha256"]:
                raise Refusal(damage.EDITED, f"{source.bundle.folder / name} changed while it was copied")
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            create(path, content, *_access(mode, group))
        create(fresh / _MANIFEST, source.manifest, 0o644, Owner())
        for below, _, _ in os.walk(fresh):
            flush(Path(below))
        os.utime(fresh, (NEVER_SERVED, NEVER_SERVED))
        with contextlib.suppress(FileNotFoundError):
            taken = release.stat().st_mtime_ns
            os.utime(fresh, ns=(taken, taken))
            release.rename(aside)
        fresh.rename(release)
        flush(places.releases)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def _access(mode: int, group: int) -> tuple[int, Owner]:
    """Mode and owner in a release: what only its owner may read in the bundle, Envoy's group may here."""
    if mode & 0o077 or group == -1:
        return mode, Owner()
    return mode | (mode & 0o400) >> 3, Owner(-1, group)


def _leads_away(folder: Path, path: PurePosixPath) -> bool:
    return any((folder / part).is_symlink() for part in (path, *list(path.parents)[:-1]))
