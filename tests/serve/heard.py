"""What the echo backends were asked: of copies and of further attempts, clients see nothing."""

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

Told = Mapping[str, Any]
"""One request, as its backend tells it."""

_SOON = 1.0
"""Seconds in which a copy must have come."""
_NEVER = 0.2
"""Seconds after which a copy will not come any more."""
_DEVIATIONS = 5


class Heard:
    """The requests of all backends, in the order in which they came."""

    def __init__(self) -> None:
        self._requests: list[Told] = []
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._requests.clear()

    def note(self, told: Told) -> int:
        """Remember one; how often its backend has got it (by ``x-request-id``, which further attempts keep)."""
        with self._lock:
            self._requests.append(told)
            return sum(1 for other in self._requests if _same(other, told))

    def of(self, backend: str) -> list[Told]:
        """The requests of one backend so far."""
        with self._lock:
            return [told for told in self._requests if told["backend"] == backend]

    def wait(self, backend: str, count: int) -> list[Told]:
        """The requests of one backend, once there are so many, or no longer any hope."""
        end = time.monotonic() + (_SOON if count else _NEVER)
        while (not count or len(self.of(backend)) < count) and time.monotonic() < end:
            time.sleep(0.01)
        return self.of(backend)


def share_problem(backend: str, got: int, percent: float, times: int) -> str:
    """Whether a backend got copies of another part of the requests than it should, within five standard deviations."""
    share = 100 * got / times
    if abs(share - percent) <= _DEVIATIONS * math.sqrt(percent * (100 - percent) / times):
        return ""
    return f"got {backend}: {share:g} % of the requests instead of {percent:g} %"


def _same(one: Told, other: Told) -> bool:
    return one["backend"] == other["backend"] and _id(one) == _id(other) != []


def _id(told: Told) -> list[str]:
    found: list[str] = told["headers"].get("x-request-id", [])
    return found
