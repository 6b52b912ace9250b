"""What the kernel and the file systems of a host give a site."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from egc_host.doctor.subject import Subject, Unseen, setting
from egc_host.findings import Finding
from egc_host.findings import doctor as findings
from egc_host.releases import account

_MIB = 1024 * 1024
_LITTLE, _FEW = 100 * _MIB, 1000
_SMALL = 70 * _MIB
"""Memory of an Envoy with a small configuration, in bytes."""
_CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10}
_TIME_ERROR = 5


def user(subject: Subject) -> Iterator[Finding]:
    """Whether the user of an installed site still exists."""
    name = subject.bundle.envoy.user
    installed = subject.places.prefix is None and not subject.contained and subject.places.installed() is not None
    if installed and not account.exists(name):
        yield Finding(findings.NO_USER, f"there is no user {name}")


def capabilities(subject: Subject) -> Iterator[Finding]:
    """Whether the first process has what Envoy is to be given."""
    first = Path("/proc/1/status").read_text(encoding="ascii", errors="replace")
    bounding = next((int(line.split()[1], 16) for line in first.splitlines() if line.startswith("CapBnd")), -1)
    lowest = setting("net/ipv4/ip_unprivileged_port_start")
    if lowest is not None and all(listener.port >= lowest for listener in subject.bundle.listeners):
        return
    for name in subject.bundle.envoy.capabilities:
        if not bounding >> _CAPABILITIES.get(name, 0) & 1:
            yield Finding(findings.CAPABILITY, f"the first process may not have {name}")


def open_files(subject: Subject) -> Iterator[Finding]:
    """Whether the kernel allows for as many files as the bundle's unit asks for."""
    most = setting("fs/nr_open")
    if most is not None and most < subject.bundle.envoy.open_files:
        message = f"fs.nr_open is {most}, and the site may need {subject.bundle.envoy.open_files}"
        yield Finding(findings.FILE_LIMIT, message)


def inotify(subject: Subject) -> Iterator[Finding]:
    """Whether two Envoys can watch all certificates."""
    if subject.bundle.reload != "watch":
        return
    for name, needed in (("max_user_watches", 4 * len(subject.bundle.pairs) + 16), ("max_user_instances", 8)):
        there = setting(f"fs/inotify/{name}")
        if there is not None and there < needed:
            yield Finding(findings.INOTIFY, f"fs.inotify.{name} is {there}, and {needed} may be needed")


def disk(subject: Subject) -> Iterator[Finding]:
    """Whether there is room for one more release, and for what is written while the site runs."""
    bundle = subject.bundle
    size = sum(path.stat().st_size for path in map(bundle.folder.joinpath, bundle.files) if path.is_file())
    folders = [subject.places.releases] if subject.contained else [subject.places.releases, bundle.state, bundle.run]
    seen = set()
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.is_dir())
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free, files = shutil.disk_usage(there).free, os.statvfs(there)
        inodes = files.f_favail if files.f_files else _FEW  # some file systems have no fixed number
        told = f"{there} has {free // _MIB} MiB and {inodes} files left"
        if free < size + _MIB or inodes < len(bundle.files) + 20:
            yield Finding(findings.DISK_FULL, told)
        elif free < _LITTLE or inodes < _FEW:
            yield Finding(findings.DISK_LOW, told)


def memory(subject: Subject) -> Iterator[Finding]:
    """Whether two Envoys fit; one of them is there already if the site is served."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    told = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    there = told.get("MemAvailable", 0) + told.get("SwapFree", 0)
    count = 2 if subject.status is None else 1
    needed = count * (subject.bundle.envoy.memory or _SMALL)
    if there < needed:
        yield Finding(findings.MEMORY, f"{there // _MIB} MiB are available, and {needed // _MIB} MiB may be needed")


def migration(subject: Subject) -> Iterator[Finding]:
    """Whether the kernel moves waiting connections to other sockets."""
    value = setting("net/ipv4/tcp_migrate_req")
    if not subject.contained and value != 1:
        state = "not known to this kernel" if value is None else str(value)
        yield Finding(findings.MIGRATE_REQ, f"net.ipv4.tcp_migrate_req is {state}")


def clock(_: Subject) -> Iterator[Finding]:
    """Whether something keeps the clock right, by what the kernel was told."""
    state = clock_state()
    if state == _TIME_ERROR:
        yield Finding(findings.CLOCK, "the kernel was not told of any source of time")
    elif state < 0:
        raise Unseen("the state of the clock")


def clock_state() -> int:
    """What adjtimex(2) answers when nothing is set; negative if it may not be asked."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    return adjtimex(ctypes.create_string_buffer(512)) if adjtimex is not None else -1  # larger than any struct timex
