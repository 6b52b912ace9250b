"""From one release to another: either the new one is served, or nothing has changed."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.releases.places import Places
from egc_host.releases.service import Service
from egc_host.releases.writing import point, told


def choose(places: Places, digest: str | None) -> None:
    """Let `current` lead to a release; None: to none."""
    with told():
        point(places.current, f"releases/{digest}" if digest is not None else None)


def previous(places: Places, service: Service) -> str | None:
    """The release to go back to: what is served, whatever an interrupted change left as current; else the current."""
    served = service.served()
    return served if folder_of(places, served) is not None else places.installed()


def reload(service: Service, digest: str, *, allow_cold: bool) -> None:
    """Let the supervisor take up the current release; Refusal if it does not, or then serves another digest."""
    with uninterrupted():
        service.reload(allow_cold=allow_cold)
        verify(service, digest)


def verify(service: Service, digest: str) -> None:
    """Refusal if what is served is not this digest."""
    served = service.served()
    if served != digest:
        raise Refusal(findings.OTHER_SERVED, f"{served or 'nothing'} is served, not {digest}")


def commit(places: Places, digest: str) -> None:
    """Note when a release was taken up: what a rollback goes by."""
    with told():
        os.utime(places.release(digest), follow_symlinks=False)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Between the question and the verdict it is not known what is served: signals to end are ignored meanwhile.

    So they are by the programs that are run, which a terminal sends them to as well.
    """
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before):
            signal.signal(number, handler)


def folder_of(places: Places, digest: str | None) -> Path | None:
    """The folder of a release that is there."""
    if digest is None or not places.release(digest).is_dir():
        return None
    return places.release(digest)
