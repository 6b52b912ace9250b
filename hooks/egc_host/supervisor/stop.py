"""How Envoys are stopped: their connections first."""

from __future__ import annotations

import signal
import time
from typing import Callable

from egc_host.supervisor import admin
from egc_host.supervisor.children import Child
from egc_host.supervisor.loop import POLL, Steps


def drain(address: str, seconds: float, hurry: Callable[[], bool]) -> Steps[bool]:
    """Tell health checks and clients to go elsewhere, and give them time. Whether Envoy heard it."""
    try:
        yield from admin.ask(address, "POST", "/healthcheck/fail")
        yield from admin.ask(address, "POST", "/drain_listeners?graceful&skip_exit")
    except (OSError, ValueError):
        return False
    deadline = time.monotonic() + seconds
    while not hurry() and (left := deadline - time.monotonic()) > 0:
        yield left
    return True


def end(children: list[Child], slack: float) -> Steps[None]:
    """Terminate all of them; kill those that are still there after *slack* seconds."""
    for child in children:
        child.kill(signal.SIGTERM)
    deadline = time.monotonic() + slack
    while any(child.alive for child in children):
        if time.monotonic() > deadline:
            for child in children:
                child.kill(signal.SIGKILL)
        yield POLL * 4
