"""The releases of a site, and how long they stay."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from egc_host.bundle import read
from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.releases.places import Places
from egc_host.releases.release import NEVER_SERVED
from egc_host.releases.writing import guard


@dataclass(frozen=True)
class Release:
    """A release on disk. ``since`` is when it was last taken up, in seconds; None if it never was."""

    digest: str
    folder: Path
    since: float | None

    def envoy(self) -> str:
        """The version of Envoy that it is for, "?" if it is damaged."""
        try:
            return read(self.folder).envoy.version
        except Refusal:
            return "?"


def releases(places: Places) -> list[Release]:
    """All releases, the one that was taken up last first."""
    found = []
    for folder in places.releases.glob("[!.]*"):
        if folder.is_symlink() or not folder.is_dir():
            continue
        taken = folder.stat().st_mtime
        found.append(Release(folder.name, folder, taken if taken != NEVER_SERVED else None))
    return sorted(found, key=lambda release: (-(release.since or NEVER_SERVED), release.digest))


def choice(places: Places, given: str | None) -> Release:
    """The release that *given* begins to name, or else the one before the current; Refusal if there is none."""
    there = releases(places)
    if given is None:
        current = places.installed()
        earlier = [release for release in there if release.digest != current and release.since is not None]
        if not earlier:
            raise Refusal(findings.NO_PREVIOUS, f"{places.releases} has no other release that was ever served")
        return earlier[0]
    found = [release for release in there if release.digest.startswith(given)]
    if len(found) != 1:
        what = f"{len(found)} releases begin" if found else "no release begins"
        raise Refusal(findings.NO_RELEASE, f"{what} with {given!r}")
    return found[0]


def superfluous(places: Places, keep: int, used: set[str | None]) -> list[Release]:
    """What goes when *keep* releases stay: the oldest, but none that is *used*."""
    there = releases(places)
    room = keep - sum(release.digest in used for release in there)
    return [release for release in there if release.digest not in used][max(room, 0) :]


def remove(release: Release) -> None:
    """Delete a release."""
    guard(release.folder)
    shutil.rmtree(release.folder)
