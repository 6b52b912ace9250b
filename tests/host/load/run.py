"""Load while something happens."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.host.load.client import Client
from tests.host.load.report import Report, RequestError, Tally, Why

_GRACE = 40.0
"""Seconds for what is under way when the load ends."""


class Load:
    """Lets clients ask, in a thread of its own, while the context is open. ``report`` may be read at any time."""

    def __init__(self, *clients: tuple[int, Client]) -> None:
        """Each client as often as its number says."""
        counts: dict[str, int] = {}
        self._clients: list[tuple[Client, Tally]] = []
        for count, client in clients:
            for _ in range(count):
                counts[client.kind] = counts.get(client.kind, 0) + 1
                self._clients.append((client, Tally(f"{client.kind} {counts[client.kind]}")))
        self.report = Report(tuple(tally for _, tally in self._clients))
        self._thread = threading.Thread(target=self._main, name="load")
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> Report:
        """Let what is under way come to its end; what has not after 40 s is a failure."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        return self.report

    def until(self, condition: Callable[[Report], object], seconds: float = 60.0) -> Report:
        """Wait until the report satisfies *condition*; TimeoutError with the report if it does not."""
        deadline = time.monotonic() + seconds
        while not condition(self.report):
            if time.monotonic() > deadline:
                raise TimeoutError(f"in {seconds:g} s clients did not see what was expected:\n{self.report.summary()}")
            time.sleep(0.01)
        return self.report

    def served(self, version: str) -> Report:
        """Wait until somebody was answered by a version."""
        return self.until(lambda report: version in report.versions)

    def warm(self) -> Report:
        """Wait until every client has been answered once."""
        return self.until(lambda report: all(tally.answered or tally.echoes for tally in report.tallies))

    def _main(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        tasks = {asyncio.create_task(client.run(tally, self._stopping)): tally for client, tally in self._clients}
        self._ready.set()
        for task, tally in tasks.items():
            task.add_done_callback(_Defect(tally))
        await self._stopping.wait()
        _, late = await asyncio.wait(tasks, timeout=_GRACE) if tasks else ((), ())
        for task in late:
            task.cancel()
            tasks[task].fail(time.monotonic(), RequestError(Why.UNFINISHED))
        await asyncio.gather(*tasks, return_exceptions=True)


class _Defect:
    """A client that raises what it should not is told as a failure, at once."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __call__(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tally.fail(time.monotonic(), RequestError(Why.DEFECT, repr(error)))
