"""What the hooks leave for each other in the state folder: what is to be taken up, and what failed.

certbot ends with success even if a hook failed, so each hook writes down that it began, and crosses it out at its end.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from egc_host.certificates.lineage import locked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_ADD = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Notes:
    """The notes in a state folder, which belongs to root: nobody else can plant a link in it."""

    state: Path

    def publishing(self) -> AbstractContextManager[None]:
        """The lock of all that changes published certificates or these notes; held for moments."""
        return locked(self.state, "certs.publish.lock")

    def taking_up(self) -> AbstractContextManager[None]:
        """The lock of who makes Envoy take up certificates; held while Envoy reloads."""
        return locked(self.state, "certs.lock")

    def mark(self, name: str) -> None:
        """A lineage was published and Envoy is to take it up. The caller holds publishing()."""
        self._append("certs.dirty", name)

    def marked(self) -> list[str]:
        """Lineages that Envoy is to take up."""
        return sorted(set(self._lines("certs.dirty")))

    def take(self) -> list[str]:
        """The same, and from now on it is the caller's to see to them."""
        with self.publishing():
            names = self.marked()
            self._remove("certs.dirty")
        return names

    def give_back(self, names: Iterable[str]) -> None:
        """Mark lineages that Envoy did not take up."""
        with self.publishing():
            for name in names:
                self.mark(name)

    def begin(self, name: str) -> None:
        """The hook began with a lineage."""
        self._remove(f"certs.hook.{name}")
        self.fail(name, "it was killed")

    def fail(self, name: str, why: str) -> None:
        """The hook failed for a lineage."""
        self._append(f"certs.hook.{name}", f"{int(time.time())} {' '.join(why.split())}")

    def done(self, name: str) -> None:
        """The lineage is published."""
        self._remove(f"certs.hook.{name}")

    def failure(self, name: str) -> tuple[int, str] | None:
        """When the hook last failed for a lineage, in seconds since the epoch, and why."""
        lines = self._lines(f"certs.hook.{name}")
        if not lines:
            return None
        at, _, why = lines[-1].partition(" ")
        return (int(at) if at.isdigit() else 0), why

    def renewals(self, renewed: Iterable[str] = (), failed: Iterable[str] = (), *, afresh: bool = False) -> None:
        """Write down what certbot could and could not renew; ``afresh`` forgets earlier failures."""
        with self.publishing():
            known = {} if afresh else self.failed_renewals()
            kept = {what: at for what, at in known.items() if what not in set(renewed)}
            kept.update({what: int(time.time()) for what in failed})
            self._remove("certs.renewals")
            if kept:
                self._append("certs.renewals", json.dumps(kept))

    def failed_renewals(self) -> dict[str, int]:
        """Hostnames whose renewal failed, or what certbot said, with the time in seconds since the epoch."""
        try:
            found = json.loads("".join(self._lines("certs.renewals")) or "{}")
            return {str(what): int(at) for what, at in found.items()}
        except (ValueError, TypeError, AttributeError):
            return {"a renewal (the note about it is damaged)": int(time.time())}

    def _append(self, file: str, line: str) -> None:
        with os.fdopen(os.open(self.state / file, _ADD, 0o600), "w", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    def _lines(self, file: str) -> list[str]:
        try:
            descriptor = os.open(self.state / file, _READ)
        except FileNotFoundError:
            return []
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()

    def _remove(self, file: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.state / file).unlink()
