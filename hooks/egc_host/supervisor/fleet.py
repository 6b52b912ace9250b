"""The Envoys: one serves, one may be starting, one may be draining; never three."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

from egc_host.bundle import Bundle
from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import admin, children, ports, shared_memory, sink
from egc_host.supervisor.candidate import Candidate
from egc_host.supervisor.journal import say
from egc_host.supervisor.loop import IDLE, POLL, Loop, Steps
from egc_host.supervisor.preflight import Running
from egc_host.supervisor.settings import Settings, quiet

SLACK = 10.0
"""Seconds after which what should have ended is killed."""

_HANDOVER = 1.0
"""Seconds that a parent has to stop listening, and an Envoy whose parent is gone to say that it serves."""

_NEXT = "next-"


@dataclass
class Generation:
    """One Envoy. ``since`` (when it began to serve, then to drain) is in seconds since 1970, ``until`` monotonic."""

    epoch: int
    child: children.Child
    candidate: Candidate
    workers: int
    since: float = 0.0
    until: float = 0.0
    dismissed: bool = False
    """Whether it was told to end."""

    @property
    def bundle(self) -> Bundle:
        """What it was started with."""
        return self.candidate.bundle


class Fleet:
    """Starts, replaces and buries Envoys. ``lost`` is called when none serves any more."""

    def __init__(self, loop: Loop, settings: Settings, lost: Callable[[Finding], None]) -> None:
        self._loop, self._settings, self._lost = loop, settings, lost
        self._sinks = sink.Sinks(loop)
        self._prepared = 0
        self.serving: Generation | None = None
        self.starting: Generation | None = None
        self.draining: list[Generation] = []

    @property
    def all(self) -> list[Generation]:
        """Every Envoy that was started and not seen to end."""
        known = [self.starting, self.serving, *self.draining]
        return [one for one in known if one is not None and one.child.alive]

    def running(self) -> Running | None:
        """What a check has to know about what runs."""
        if self.serving is None:
            return None
        ours = tuple(one.child.pid for one in self.all)
        versions = self.serving.candidate.versions
        return Running(self.serving.bundle, self.serving.epoch, versions.hot_restart, ours)

    def accepts(self, candidate: Candidate) -> bool:
        """Whether the one that serves can hand over to it."""
        old = self.serving
        if old is None or old.candidate.versions.hot_restart != candidate.versions.hot_restart:
            return False
        return self._parent_socket(old.epoch).is_socket()

    def replace(self, candidate: Candidate, workers: int) -> Steps[list[Finding]]:
        """Start the next Envoy; once it is ready the one that served drains. Findings if it failed, and that serves on.

        The number of one that failed is used again. The caller waits until nothing drains.
        """
        self.starting = new = self._start(candidate, workers)
        failure = yield from self._ready(new)
        if failure is not None:
            return [failure, *(yield from self.bury())]
        old, self.serving, self.starting = self.serving, new, None
        new.since = time.time()
        if old is not None:
            old.since, old.until = new.since, time.monotonic() + self._settings.shutdown(new.bundle) + SLACK
            self.draining.append(old)
            if not old.child.alive:  # it died just now
                self.ended(old.child)
        return []

    def bury(self) -> Steps[list[Finding]]:
        """End the one that is starting, and see to it that another one can start. Warnings."""
        new = self.starting
        if new is None:
            return []
        new.child.kill(signal.SIGKILL)
        while new.child.alive:
            yield POLL
        self.starting = None
        if self.serving is not None and self._overtaken(self.serving):
            self._lost(Finding(findings.TOOK_OVER, f"epoch {new.epoch} {new.child.ending()} after it had taken over"))
        if not shared_memory.clear(self._settings.base_id):
            return [Finding(findings.STUCK, f"epoch {new.epoch} may have left its mark in shared memory")]
        return []

    def ended(self, child: children.Child) -> None:
        """A child ended, an Envoy or not."""
        old = self.serving
        if old is not None and child is old.child and not old.dismissed:
            if self.starting is None or shared_memory.initializing(self._settings.base_id):
                self._lost(Finding(findings.SERVING_DIED, f"serving epoch {old.epoch} {child.ending()}"))
            else:  # with a short parentShutdownTime it ends as soon as its successor serves
                old.until = time.monotonic() + _HANDOVER
        for one in [one for one in self.draining if one.child is child]:
            self.draining.remove(one)
            # Whether it died early or ended as it should: its successor may still have something to tell it.
            with contextlib.suppress(OSError):
                self._sinks.hold(self._parent_socket(one.epoch))
            self.sweep()

    def watch(self) -> Steps[None]:
        """Kill an Envoy that drains for ever."""
        while True:
            for one in self.draining:
                if time.monotonic() > one.until and not one.dismissed:
                    one.dismissed = True
                    one.child.kill(signal.SIGKILL)
                    say(Finding(findings.OVERSTAYED, f"epoch {one.epoch} was killed"))
            yield 1.0 if self.draining else IDLE

    def room(self) -> Path:
        """Where the next candidate is to be copied."""
        self._prepared += 1
        return self._epochs / f"{_NEXT}{self._prepared}"

    def sweep(self) -> None:
        """Remove the copies that no Envoy runs from any more."""
        used = {one.bundle.folder for one in self.all}
        with contextlib.suppress(OSError):
            for folder in self._epochs.iterdir():
                if folder not in used and not folder.name.startswith(_NEXT):
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Give up what is held for Envoys; none runs any more."""
        self._sinks.close()

    @property
    def _epochs(self) -> Path:
        return self._settings.run / "epochs"

    def _parent_socket(self, epoch: int) -> Path:
        return sink.parent_socket(self._settings.run, self._settings.base_id, epoch)

    def _start(self, candidate: Candidate, workers: int) -> Generation:
        epoch = self.serving.epoch + 1 if self.serving else 0
        folder = candidate.bundle.folder
        if folder.name.startswith(_NEXT):
            folder = folder.with_name(str(epoch))
            shutil.rmtree(folder, ignore_errors=True)
            candidate.bundle.folder.rename(folder)
            candidate = replace(candidate, bundle=replace(candidate.bundle, folder=folder))
        self._sinks.release(self._parent_socket(epoch))
        argv = self._arguments(candidate, epoch, workers)
        child = self._loop.adopt(children.run(argv, folder))
        return Generation(epoch, child, candidate, workers)

    def _arguments(self, candidate: Candidate, epoch: int, workers: int) -> list[str]:
        bundle, settings = candidate.bundle, self._settings
        options = {
            "-c": bundle.envoy.config,
            "--restart-epoch": epoch,
            "--base-id": settings.base_id,
            "--concurrency": workers,
            "--drain-time-s": settings.drain(bundle),
            "--drain-strategy": "gradual",
            "--parent-shutdown-time-s": settings.shutdown(bundle),
            # By default these are abstract sockets, which every user of the host may talk to.
            "--socket-path": sink.base(settings.run),
            "--socket-mode": 600,
        }
        # A child that asked its parent for statistics would fail with it.
        argv = [str(candidate.binary), "--skip-hot-restart-parent-stats"]
        argv += [str(part) for option in options.items() for part in option]
        return [*argv, *quiet(settings.extra, "warning"), *settings.extra]

    def _ready(self, new: Generation) -> Steps[Finding | None]:
        """Wait until it serves; what went wrong if it does not."""
        deadline = new.child.started + self._settings.ready_timeout
        old = self.serving
        while new.child.alive:
            if not shared_memory.initializing(self._settings.base_id):
                epoch = yield from admin.restarted(new.bundle.envoy.admin)
                if epoch == new.epoch:
                    yield from self._alone(old, new)
                    if new.child.alive:
                        return None
                    break
            if old is not None and not old.child.alive and time.monotonic() > old.until:
                self._lost(Finding(findings.SERVING_DIED, f"serving epoch {old.epoch} {old.child.ending()}"))
            if time.monotonic() > deadline:
                within = f"{self._settings.ready_timeout:g} s"
                return Finding(findings.NOT_READY, f"epoch {new.epoch} was not ready within {within}")
            yield POLL
        return Finding(findings.NEW_DIED, f"epoch {new.epoch} {new.child.ending()} before it served")

    def _alone(self, old: Generation | None, new: Generation) -> Steps[None]:
        """Wait until the old one listens no more: it still takes connections until it gets to hear of its successor."""
        deadline = time.monotonic() + _HANDOVER
        while old is not None and old.child.alive and new.child.alive and time.monotonic() < deadline:
            if not ports.listens(old.child.pid):
                return
            yield POLL

    def _overtaken(self, old: Generation) -> bool:
        """Whether its listeners went to a successor."""
        if not any(listener.protocol == "tcp" for listener in old.bundle.listeners):
            return False
        return not shared_memory.initializing(self._settings.base_id) and not ports.listens(old.child.pid)
