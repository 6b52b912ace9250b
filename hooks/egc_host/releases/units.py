"""The files of a release that belong in /etc: units, and what goes with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from egc_host.bundle import read as read_bundle
from egc_host.findings import Refusal
from egc_host.releases.commands import present, run
from egc_host.releases.places import Places
from egc_host.releases.writing import guard, read, write

SERVICE = "egc-envoy.service"
_UNITS = (".service", ".timer", ".socket", ".path", ".target")
_OTHERS = {
    "sysusers.conf": "/etc/sysusers.d/egc-envoy.conf",
    "tmpfiles.conf": "/etc/tmpfiles.d/egc-envoy.conf",
    "sysctl.conf": "/etc/sysctl.d/60-egc-envoy.conf",
    "logrotate.conf": "/etc/logrotate.d/egc-envoy",
}
_APPLIED_BY = {
    "tmpfiles.conf": ("systemd-tmpfiles", "--create"),
    "sysctl.conf": ("sysctl", "--quiet", "--load"),
}
"""What makes a file take effect now: that file and no other."""


@dataclass(frozen=True)
class Change:
    """A file to be written, or removed where there is no *new* content."""

    name: str
    path: Path
    old: bytes | None
    new: bytes | None

    def __str__(self) -> str:
        """What will be done."""
        return f"{'write' if self.new is not None else 'remove'} {self.path}"

    @property
    def is_unit(self) -> bool:
        """Whether systemd must be told."""
        return self.name.endswith(_UNITS)

    def make(self) -> None:
        """Write or remove the file."""
        put(self.path, self.new)

    def undo(self) -> None:
        """Put back what was there."""
        put(self.path, self.old)


def changes(folder: Path, before: Path | None, places: Places) -> list[Change]:
    """What must change so that /etc has the files of the bundle in *folder*, and none only of the one *before*."""
    wanted = {name: read(path) for name, path in _files(folder).items()}
    gone = _names(before) - set(wanted) if before is not None else set()
    found = []
    for name in sorted({*wanted, *gone}):
        path = places.at(_OTHERS.get(name, f"/etc/systemd/system/{name}"))
        guard(path)
        old = read(path) if path.is_file() else None
        if old != wanted.get(name):
            found.append(Change(name, path, old, wanted.get(name)))
    return found


def timers(folder: Path) -> list[str]:
    """The timers of a bundle."""
    return sorted(name for name in _files(folder) if name.endswith(".timer"))


def announce(done: Iterable[Change]) -> None:
    """Make changes take effect."""
    done = list(done)
    for change in done:
        command = _APPLIED_BY.get(change.name)
        if command is not None and change.path.is_file() and present(command[0]):
            run(*command, str(change.path))
    if any(change.is_unit for change in done):
        run("systemctl", "daemon-reload")


def put(path: Path, content: bytes | None) -> None:
    """Give a file of /etc this content; None removes it."""
    if content is not None:
        write(path, content, 0o644)
        return
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _names(bundle: Path) -> set[str]:
    """The names that a release had such files of, if it has lost them since, too."""
    try:
        listed = {Path(name).name for name in read_bundle(bundle).files if name.startswith("systemd/")}
    except Refusal:
        listed = set(_files(bundle))
    return {name for name in listed if name.endswith(_UNITS) or name in _OTHERS}


def _files(bundle: Path) -> dict[str, Path]:
    folder = bundle / "systemd"
    known = [path for path in folder.glob("*") if path.name.endswith(_UNITS) or path.name in _OTHERS]
    return {path.name: path for path in sorted(known) if path.stat().st_size}
