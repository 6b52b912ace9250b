"""One change of a site at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.releases.places import Places
from egc_host.releases.writing import guard, told


@contextlib.contextmanager
def locked(places: Places) -> Iterator[None]:
    """Hold the site's lock, in the site's folder; Refusal if somebody else does."""
    guard(places.root)
    with told():
        guard(places.lock)
        opened = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(opened, 32, 0).decode("ascii", "replace").strip() or "another process"
            raise Refusal(findings.BUSY, f"{places.lock} is held by {holder}") from error
        os.ftruncate(opened, 0)
        os.pwrite(opened, f"process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(opened)
