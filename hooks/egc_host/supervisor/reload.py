"""Reloads: requests are taken in batches, each is prepared, and what is right replaces what serves."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import ports, stop
from egc_host.supervisor.candidate import Candidate, Job, explained, since
from egc_host.supervisor.control import Reply
from egc_host.supervisor.fleet import SLACK
from egc_host.supervisor.journal import log, say
from egc_host.supervisor.loop import IDLE, Steps
from egc_host.supervisor.verdict import done, refused
from egc_host.supervisor.works import Works

_MIGRATE = Path("/proc/sys/net/ipv4/tcp_migrate_req")


@dataclass
class Request:
    """Somebody wants a reload; a signal waits for no answer. ``began`` is on the monotonic clock."""

    began: float
    reply: Reply | None = None
    accept_edited: bool = False
    allow_cold: bool = False

    def like(self, other: Request) -> bool:
        """Whether one reload can serve both."""
        return (self.accept_edited, self.allow_cold) == (other.accept_edited, other.allow_cold)


@dataclass
class _Held:
    """A candidate that waits for the older Envoy to end, and who asked for it."""

    candidate: Candidate
    batch: list[Request]


class Reloads:
    """The queue, and the work on it. ``lost`` is called when nothing serves any more."""

    def __init__(self, works: Works, lost: Callable[[Finding], None]) -> None:
        self._works, self._lost = works, lost
        self._requests: list[Request] = []
        self._batch: list[Request] = []
        self._held: _Held | None = None

    def ask(self, reply: Reply | None = None, *, accept_edited: bool = False, allow_cold: bool = False) -> None:
        """Ask for a reload. It joins those that wait; one that has begun may have read the old bundle."""
        self._requests.append(Request(time.monotonic(), reply, accept_edited, allow_cold))
        self._works.loop.wake()

    def serve(self) -> Steps[None]:
        """For ever. Never three Envoys: a third would cut the oldest one's connections off."""
        record = self._works.record
        while record.state != "stopping":
            if self._requests:
                yield from self._take()
            elif self._held is not None and not self._works.fleet.draining:
                held, self._held = self._held, None
                yield from self._exchange(held)
            elif record.state == "reloading" and self._held is None:
                record.state = "serving"
                self._works.notifier.send(self._works.line(), READY=1)
            else:
                yield IDLE

    def abandon(self, why: list[Finding]) -> None:
        """Refuse all who wait."""
        self._batch += self._requests + (self._held.batch if self._held else [])
        self._requests, self._held = [], None
        if self._batch:
            self._reply(refused(why))

    def _take(self) -> Steps[None]:
        """Prepare for all that want the same. What is wrong is said at once; what is right may have to wait."""
        works, first = self._works, self._requests[0]
        self._batch = [one for one in self._requests if one.like(first)]
        self._requests = [one for one in self._requests if not one.like(first)]
        works.record.state = "reloading"
        works.notifier.reloading("checking the new configuration")
        job = Job(
            works.settings.bundle,
            works.fleet.room(),
            works.fleet.running(),
            accept_edited=first.accept_edited,
            allow_cold=first.allow_cold,
        )
        try:
            candidate = yield from works.workshop.prepare(job)
        except Exception as error:  # noqa: BLE001 - a reload that fails in any way leaves what serves alone
            shutil.rmtree(job.folder, ignore_errors=True)
            self._reply(refused(explained(error)))
            return
        if self._held is not None:  # it would be replaced at once: who asked for it gets the newer one
            shutil.rmtree(self._held.candidate.bundle.folder, ignore_errors=True)
            self._batch += self._held.batch
        self._held, self._batch = _Held(candidate, self._batch), []

    def _exchange(self, held: _Held) -> Steps[None]:
        """Start the candidate in the place of the Envoy that serves."""
        works, candidate, before = self._works, held.candidate, self._works.fleet.serving
        if before is None:
            return
        self._batch = held.batch
        found = list(candidate.found)
        try:
            workers = self._workers(candidate, found)
            if not works.fleet.accepts(candidate):
                yield from self._cool(candidate, found)
            failed = yield from works.fleet.replace(candidate, workers)
        except Exception as error:  # noqa: BLE001 - as above
            failed = explained(error)
            failed += yield from works.fleet.bury()
        if works.record.state == "stopping":
            return
        if failed:
            self._reply(refused([*failed, *found]))
            yield from self._renew(candidate)
            return
        works.note(candidate)
        changed = before.bundle.digest != candidate.bundle.digest
        self._reply(done(works.line(), found, changed=changed))
        yield from works.keep()

    def _cool(self, candidate: Candidate, found: list[Finding]) -> Steps[None]:
        """Stop what serves, as its successor could not take over. From here on there is no way back."""
        works, old = self._works, self._works.fleet.serving
        if old is None:
            return
        old.dismissed = True
        yield from stop.drain(old.bundle.envoy.admin, works.settings.stop_drain(old.bundle), lambda: False)
        yield from stop.end([old.child], SLACK)
        works.fleet.serving = None
        before, after = old.candidate.versions.envoy, candidate.versions.envoy
        found.append(Finding(findings.COLD, f"Envoy {before} was stopped before Envoy {after} started"))

    def _renew(self, failed: Candidate) -> Steps[None]:
        """An Envoy that failed took the admin socket with it: what serves is started once more to have it back."""
        works, serving = self._works, self._works.fleet.serving
        shutil.rmtree(failed.bundle.folder, ignore_errors=True)
        if serving is None:
            self._lost(Finding(findings.SERVING_DIED, "the new Envoy failed after the old one was stopped"))
            return
        if serving.child.halted():
            # What the new one asked for is still queued, and the answers would go to the next one: sockets mixed up.
            self._lost(Finding(findings.SERVING_DIED, f"serving epoch {serving.epoch} was halted by a signal"))
            return
        try:
            found = yield from works.fleet.replace(serving.candidate, serving.workers)
        except Exception as error:  # noqa: BLE001 - as above
            found = explained(error)
            found += yield from works.fleet.bury()
        for finding in found:
            say(finding)
        if found:
            works.record.notes["admin"] = findings.ADMIN_GONE.title
        say(Finding(findings.ADMIN_GONE if found else findings.RENEWED, works.line()))
        works.house.changed()

    def _workers(self, candidate: Candidate, found: list[Finding]) -> int:
        """As many workers as it asks for, unless to have fewer would reset connections."""
        wanted, serving = self._works.settings.workers(candidate.bundle), self._works.fleet.serving
        if serving is None or wanted >= serving.workers or not ports.spread(serving.child.pid):
            return wanted
        with contextlib.suppress(OSError):
            if _MIGRATE.read_text().strip() == "1":
                return wanted
        message = f"{serving.workers} workers stay, not {wanted}: net.ipv4.tcp_migrate_req is not 1"
        found.append(Finding(findings.WORKERS_KEPT, message))
        return serving.workers

    def _reply(self, verdict: dict[str, Any]) -> None:
        works, serving = self._works, self._works.fleet.serving
        batch, self._batch = self._batch, []
        verdict["epoch"] = serving.epoch if serving else None
        verdict["digest"] = serving.bundle.digest if serving else None
        verdict["ms"] = since(min(one.began for one in batch))
        works.record.judge(verdict)
        works.house.changed()
        outcome = "done" if verdict["ok"] else f"refused [{verdict['code']}]"
        log(f"reload {outcome} in {verdict['ms']} ms: {verdict['message']}")
        for finding in verdict["findings"]:
            log(f"{finding['severity']}[{finding['code']}]: {finding['message']}")
        for one in batch:
            if one.reply is not None:
                one.reply(verdict)
