"""What `envoy --mode validate` does not see: ports, certificates, sockets, limits."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from egc_host.bundle import Bundle, Listener
from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import ports, shared_memory, sink
from egc_host.supervisor.binary import Versions

_SOCKET_PATH = 107
TOLERATED = ("EGC52", findings.WATCHED_FOLDER.code, findings.OTHER_ENVOY.code)
"""What the codes begin with of what forbids no boot: certificates, and an Envoy of another version, if it starts."""


@dataclass(frozen=True)
class Running:
    """The Envoy that serves: its bundle and epoch, its hot restart version, and the processes that are ours."""

    bundle: Bundle
    epoch: int
    hot_restart: str
    ours: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a configuration is to run."""

    run: Path
    base_id: int
    binary: Path
    versions: Versions
    running: Running | None = None


def check(bundle: Bundle, place: Place, *, cold: bool = False) -> list[Finding]:
    """Everything that is wrong. ``cold``: the running Envoy may be stopped before the new one starts."""
    running = place.running
    found = [*_version(bundle, place.versions), *_sockets(bundle, place), *_memory(place.base_id)]
    if running is not None:
        if not cold:
            found += _takeover(place, running)
        found += _changes(bundle, running)
    ours = running.ours if running else ()
    listeners = [*bundle.listeners, *_admin_listener(bundle.envoy.admin)]
    found += ports.problems(listeners, ours, capable=_has_capabilities(place.binary))
    # Envoy raises the soft limit to the hard one itself.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != hard < bundle.envoy.open_files:
        wanted = bundle.envoy.open_files
        message = f"{hard} files may be open, and the configuration allows for {wanted}"
        found.append(Finding(findings.OPEN_FILES, message))
    return found + list(_certificates(bundle))


def _version(bundle: Bundle, versions: Versions) -> Iterator[Finding]:
    built, installed = (version.split(".")[:2] for version in (bundle.envoy.version, versions.envoy))
    if built[0] and built != installed:
        yield Finding(
            findings.OTHER_ENVOY,
            f"the bundle was built for Envoy {bundle.envoy.version}, and this is Envoy {versions.envoy}",
        )


def _takeover(place: Place, running: Running) -> Iterator[Finding]:
    if place.versions.hot_restart != running.hot_restart:
        yield Finding(
            findings.HOT_RESTART,
            f"Envoy {place.versions.envoy} has hot restart version {place.versions.hot_restart}, the running one "
            f"{running.hot_restart}",
        )
    socket = sink.parent_socket(place.run, place.base_id, running.epoch)
    if not socket.is_socket():
        yield Finding(findings.NO_PARENT, f"{socket} is gone")


def _sockets(bundle: Bundle, place: Place) -> Iterator[Finding]:
    admin = bundle.envoy.admin
    longest = [sink.longest(place.run, place.base_id)]
    if admin.startswith("/"):
        longest.append(admin)
        path = Path(admin)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            state = "not writable" if path.parent.is_dir() else "missing"
            yield Finding(findings.ADMIN, f"{path.parent}, the folder of the admin socket, is {state}")
        elif path.exists() and not path.is_socket():
            yield Finding(findings.ADMIN, f"{path} is no socket")
    for text in longest:
        if len(os.fsencode(text)) > _SOCKET_PATH:
            yield Finding(findings.SOCKET_PATH, f"{text} has {len(os.fsencode(text))} bytes")


def _admin_listener(admin: str) -> Iterator[Listener]:
    if not admin.startswith("/"):
        host, _, port = admin.rpartition(":")
        yield Listener("admin", host.strip("[]"), int(port), "tcp")


def _memory(base_id: int) -> Iterator[Finding]:
    path = shared_memory.path(base_id)
    try:
        owner = path.lstat()
    except OSError:
        return
    if owner.st_uid != os.geteuid() or not stat.S_ISREG(owner.st_mode):
        yield Finding(findings.BASE_ID, f"{path} of base id {base_id} belongs to user {owner.st_uid}")


def _changes(bundle: Bundle, running: Running) -> Iterator[Finding]:
    for what, now, then in (
        ("base id", bundle.envoy.base_id, running.bundle.envoy.base_id),
        ("run folder", bundle.run, running.bundle.run),
        ("state folder", bundle.state, running.bundle.state),
    ):
        if now != then:
            yield Finding(findings.PINNED, f"the {what} is {then}, and will be {now} after a restart of the service")
    before, after = _addresses(running.bundle), _addresses(bundle)
    for place in sorted(before.keys() & after.keys()):
        gone, new = before[place] - after[place], after[place] - before[place]
        if gone and new:
            message = f"{place[0]} port {place[1]} moves from {', '.join(sorted(gone))} to {', '.join(sorted(new))}"
            yield Finding(findings.ADDRESS_CHANGED, message)


def _addresses(bundle: Bundle) -> dict[tuple[str, int], set[str]]:
    """Where each port of a protocol is bound."""
    found: dict[tuple[str, int], set[str]] = {}
    for one in bundle.listeners:
        found.setdefault((one.protocol, one.port), set()).add(one.address)
    return found


def _certificates(bundle: Bundle) -> Iterator[Finding]:
    from egc_host.certificates.pair import problems  # noqa: PLC0415 - loads OpenSSL, for the checks' processes only

    hostnames = {lineage.chain: lineage.hostnames for lineage in bundle.lineages}
    for name, chain, key in bundle.pairs:
        # An absolute path stays what it is; a relative one lies in the bundle.
        yield from problems(name, bundle.folder / chain, bundle.folder / key, hostnames.get(chain, ()))
    if bundle.reload == "watch":
        for lineage in bundle.lineages:
            folder = Path(lineage.chain).parent.parent
            if not folder.is_dir():
                yield Finding(findings.WATCHED_FOLDER, f"{folder} of {lineage.name} is missing")


def _has_capabilities(binary: Path) -> bool:
    try:
        return bool(os.getxattr(binary, "security.capability"))
    except OSError:
        return False
