"""One thread that waits for signals, sockets and the end of children, and lets its tasks go on."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Generator
from typing import Any, Callable, TypeVar

from egc_host.supervisor.children import Child, work

T = TypeVar("T")
Steps = Generator[float, None, T]
"""A task: it yields the seconds after which it wants to look again; it may be let go on earlier."""

POLL, IDLE = 0.005, 60.0
_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGCHLD)


class Loop:
    """Tasks, children and descriptors. ``signalled`` gets each signal but SIGCHLD, ``ended`` each child that ended."""

    def __init__(self, signalled: Callable[[int], None], ended: Callable[[Child], None]) -> None:
        self._signalled, self._ended = signalled, ended
        self._tasks: list[Steps[None]] = []
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._code: int | None = None
        self._awake = False
        self._wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        self.watch(self._wake, self._signals)

    def add(self, task: Steps[None]) -> None:
        """Begin a task."""
        self._tasks.append(task)
        self._awake = True

    def drop(self, task: Steps[None]) -> None:
        """End a task where it is."""
        if task in self._tasks:
            self._tasks.remove(task)
            task.close()

    def wake(self) -> None:
        """Let every task look again before the loop next waits."""
        self._awake = True

    def adopt(self, child: Child) -> Child:
        """Be told when the child ends."""
        self._children[child.pid] = child
        return child

    def watch(self, file: Any, readable: Callable[[], None]) -> None:
        """Call *readable* whenever the file can be read."""
        self._selector.register(file, selectors.EVENT_READ, readable)

    def forget(self, file: Any) -> None:
        """Undo ``watch``; before the file is closed."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def end(self, code: int) -> None:
        """Let ``run`` return *code*."""
        self._code = code

    def call(self, function: Callable[[], Any], timeout: float) -> Steps[Any]:
        """What *function* returns in a child of its own; TimeoutError, or ChildProcessError if it dies."""
        child = self.adopt(work(function))
        try:
            yield from self.await_end(child, timeout)
        finally:
            result = child.result()
        if child.status != 0:
            raise ChildProcessError(f"a child process {child.ending()}")
        return result

    def await_end(self, child: Child, timeout: float) -> Steps[None]:
        """Wait for a child to end; kill it and raise TimeoutError if it takes longer. It is killed if the task is."""
        deadline = child.started + timeout
        try:
            while child.alive:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                yield left
        finally:
            child.kill(signal.SIGKILL)

    def run(self) -> int:
        """Go on until ``end`` was called; its code."""
        while self._code is None:
            self._awake, wait = False, IDLE
            for task in list(self._tasks):
                left = next(task, None)
                if left is not None:
                    wait = min(wait, left)
                elif task in self._tasks:  # not dropped by itself or another one
                    self._tasks.remove(task)
            if self._code is not None:
                break
            for key, _ in self._selector.select(0 if self._awake else max(0.0, wait)):
                key.data()
        return self._code

    def _signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for number in os.read(self._wake, 4096):
                if number == signal.SIGCHLD:
                    self._reap()
                else:
                    self._signalled(number)

    def _reap(self) -> None:
        """As process 1 of a container this also reaps what others left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                child.status = status
                self._ended(child)
