"""What all clients have."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.host.load.connection import Connection, Target
from tests.host.load.http1 import Answer
from tests.host.load.report import RequestError, Tally

_JITTER = 0.15
_LEAST = 0.002
"""Seconds between two starts at least: a refused client does not spin."""
_STEP = 0.2
"""Seconds until a waiting client sees that the load is stopped."""


@dataclass(frozen=True)
class Client(ABC):
    """Somebody who asks for *path* every *interval* seconds (give or take a little); 0 means without a pause.

    *kind* names the sort of client in reports. An answer is awaited *patience* seconds long.
    """

    kind: str
    target: Target
    path: str = "/"
    interval: float = 0.0
    patience: float = 30.0

    @abstractmethod
    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Ask until *stop* is set, and take down in *tally* what came of it."""

    async def due(self, stop: asyncio.Event) -> AsyncIterator[float]:
        """The start of each request, until *stop* is set."""
        at = time.monotonic() + self.interval * random.random()  # clients do not move in step
        while not stop.is_set():
            now = time.monotonic()
            if now < at:
                await asyncio.sleep(min(at - now, _STEP))
                continue
            at = now + max(self.interval * random.uniform(1 - _JITTER, 1 + _JITTER), _LEAST)
            yield now


def succeeded(tally: Tally, started: float, answer: Answer) -> None:
    """Take down an answer to the request that was started then."""
    now = time.monotonic()
    tally.answer(now, now - started, answer.version)


def failed(tally: Tally, error: RequestError, connection: Connection | None = None) -> None:
    """Take down a failure, and drop the connection."""
    tally.fail(time.monotonic(), error)
    if connection is not None:
        connection.close(error.closing)
