"""What the supervisor knows of itself, for `status` and for metrics."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from egc_host.bundle import Bundle
from egc_host.supervisor.fleet import SLACK, Fleet, Generation

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Record:
    """The verdicts so far, why the site is degraded, and the certificates that are served."""

    def __init__(self) -> None:
        self.state = "starting"
        self.started = time.time()
        self.notes: dict[str, str] = {}
        """Why it is degraded, by what is concerned."""
        self.certificates: list[dict[str, Any]] = []
        self.last: dict[str, Any] | None = None
        self.judged = 0.0
        self.ok = self.refused = 0

    @property
    def degraded(self) -> str | None:
        """Why what serves is not what should, or not all of it."""
        return "; ".join(self.notes.values()) or None

    def judge(self, verdict: dict[str, Any]) -> None:
        """Count a reload."""
        if verdict["ok"]:
            self.ok += 1
        else:
            self.refused += 1
        self.judged = time.time()
        self.last = {"at": utc(time.time()), **{key: verdict[key] for key in ("ok", "code", "message", "ms")}}

    def status(self, fleet: Fleet) -> dict[str, Any]:
        """Everything, as JSON."""
        serving = fleet.serving
        return {
            "state": self.state,
            "degraded": self.degraded,
            **_of(serving),
            "lastReload": self.last,
            "draining": [_draining(one) for one in fleet.draining],
            "reloads": {"ok": self.ok, "refused": self.refused},
            "supervisor": {"pid": os.getpid(), "rss": resident(), "since": utc(self.started)},
            "certificates": self.certificates,
        }


def _of(serving: Generation | None) -> dict[str, Any]:
    if serving is None:
        keys = ("epoch", "pid", "since", "envoy", "hotRestart", "digest", "bundle", "concurrency")
        return dict.fromkeys(keys)
    return {
        "epoch": serving.epoch,
        "pid": serving.child.pid,
        "since": utc(serving.since),
        "envoy": serving.candidate.versions.envoy,
        "hotRestart": serving.candidate.versions.hot_restart,
        "digest": serving.bundle.digest,
        "bundle": str(serving.candidate.source),
        "concurrency": serving.workers,
    }


def _draining(one: Generation) -> dict[str, Any]:
    left = one.until - SLACK - time.monotonic()
    return {"epoch": one.epoch, "pid": one.child.pid, "since": utc(one.since), "until": utc(time.time() + left)}


def utc(seconds: float) -> str:
    """A time as in RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def resident() -> int:
    """The memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def describe(bundle: Bundle) -> list[dict[str, Any]]:
    """Each certificate that Envoy reads. Loads OpenSSL: not for the supervisor's own process."""
    from egc_host.certificates import x509  # noqa: PLC0415 - as the docstring says

    found = []
    for name, chain, _ in bundle.pairs:
        path = bundle.folder / chain
        told = x509.described(path)
        found.append({"name": name, "chain": str(path), **(vars(told) if told else {"problem": "cannot be read"})})
    return found
