"""The site and the host that are looked at."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from egc_host.bundle import Bundle
from egc_host.findings import Finding
from egc_host.releases import account
from egc_host.releases.places import Places
from egc_host.releases.writing import is_hidden


class Unseen(Exception):  # noqa: N818 - it is a result
    """A check could not look; the message says at what, and why."""


@dataclass(frozen=True)
class Subject:
    """A site, and what its supervisor said; ``status`` is None if none answers."""

    places: Places
    status: dict[str, Any] | None

    @property
    def bundle(self) -> Bundle:
        """The bundle."""
        return self.places.bundle

    @property
    def contained(self) -> bool:
        """Whether Envoy runs in a container, with a network and limits of its own."""
        return self.bundle.target == "compose"

    @property
    def installed(self) -> bool:
        """Whether the bundle is a release of this host."""
        return self.bundle.folder.parent == self.places.releases.resolve()

    @property
    def blind(self) -> bool:
        """Whether this user may not ask the supervisor, should there be one."""
        return not self.contained and is_hidden(self.bundle.run)

    def processes(self) -> tuple[int, ...]:
        """The Envoys that run: the one that serves, and those that drain."""
        if self.status is None:
            return ()
        return (*filter(None, [self.status["pid"]]), *(old["pid"] for old in self.status["draining"]))


def setting(name: str) -> int | None:
    """A number among the kernel's settings; None if it has none of that name."""
    try:
        return int(Path("/proc/sys", name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def as_user(name: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What a check finds when Envoy's user does it. Without the right to become that user, this one does it.

    *look* imports nothing: Python and this program may lie where that user has no business.
    """
    from egc_host.supervisor.verdict import packed, unpacked  # noqa: PLC0415 - few commands need it

    user, group = account.owner(name)
    if user == -1:
        return look()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        told: dict[str, Any] = {}
        try:
            os.close(reader)
            os.initgroups(name, group)
            os.setgid(group)
            os.setuid(user)
            told["found"] = packed(look())
        except BaseException as error:  # noqa: BLE001 - the parent tells it, whatever it is
            told["failed"] = str(error) or type(error).__name__
        finally:
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(json.dumps(told).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    told = json.loads(answer) if answer else {"failed": "no answer"}
    if "failed" in told:
        raise Unseen(f"what {name} may read: {told['failed']}")
    return unpacked(told["found"])
