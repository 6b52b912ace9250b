"""What the supervisor was started with. What is None is as the bundle says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from egc_host.bundle import Bundle


@dataclass(frozen=True)
class Settings:
    """``bundle`` as it was given: a symlink is followed anew at each reload. Times are in seconds."""

    bundle: Path
    run: Path
    state: Path
    base_id: int = 0
    envoy: str | None = None
    concurrency: int | None = None
    drain_time: int | None = None
    parent_shutdown_time: int | None = None
    stop_drain_time: int | None = None
    ready_timeout: float = 30.0
    validate_timeout: float = 60.0
    extra: tuple[str, ...] = ()
    cpus: int = 1
    """How many workers "as many as there are CPUs" are, from the start to the end of the supervisor."""

    def workers(self, bundle: Bundle) -> int:
        """The workers that a bundle asks for."""
        return self.concurrency or bundle.envoy.concurrency or self.cpus

    def drain(self, bundle: Bundle) -> int:
        """How long an Envoy that has a successor takes to close its connections."""
        return bundle.envoy.drain_time if self.drain_time is None else self.drain_time

    def shutdown(self, bundle: Bundle) -> int:
        """When an Envoy that has a successor ends."""
        return bundle.envoy.parent_shutdown_time if self.parent_shutdown_time is None else self.parent_shutdown_time

    def stop_drain(self, bundle: Bundle) -> int:
        """How long connections are drained before everything is stopped."""
        return bundle.envoy.stop_drain_time if self.stop_drain_time is None else self.stop_drain_time


def quiet(extra: tuple[str, ...], level: str) -> list[str]:
    """The options for a log level, unless it was asked for another one. With "info", each start logs 60 lines."""
    asked = any(option.startswith(("-l", "--log-level")) for option in extra)
    return [] if asked else ["--log-level", level]


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0))
