"""Child processes: Envoys, their checks, and work that may hang and therefore is done elsewhere."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Callable

_PR_SET_PDEATHSIG = 1
_OUTPUT = 65536
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """A child process. ``status`` is as of waitpid, None while it runs; ``started`` is on the monotonic clock."""

    def __init__(self, pid: int, output: int | None = None) -> None:
        self.pid = pid
        self.started = time.monotonic()
        self.status: int | None = None
        self._output = output

    @property
    def alive(self) -> bool:
        """Whether it was not yet seen to end."""
        return self.status is None

    def kill(self, number: int) -> None:
        """Send a signal, if it still runs: until it is reaped its id is nobody else's."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def halted(self) -> bool:
        """Whether it stands still, by SIGSTOP or a debugger."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        except OSError:
            return False

    def ending(self) -> str:
        """How it ended, as a phrase."""
        if self.status is None:
            return "still runs"
        if os.WIFSIGNALED(self.status):
            return f"was ended by signal {os.WTERMSIG(self.status)}"
        return f"ended with status {os.WEXITSTATUS(self.status)}"

    def output(self, most: int = _OUTPUT) -> bytes:
        """The end of what it wrote, once; nothing for a child whose output is passed through."""
        if self._output is None:
            return b""
        with os.fdopen(self._output, "rb") as file:
            self._output = None
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return file.read()

    def result(self) -> Any:
        """What the function of ``work`` returned; None if it did not get so far. It can be had once."""
        text = self.output(sys.maxsize)
        return json.loads(text) if text and self.status == 0 else None


def run(argv: list[str], folder: Path, *, keep: bool = False) -> Child:
    """Start a program in *folder*. With ``keep`` its output is kept, and not passed through."""
    output = os.memfd_create("output") if keep else None

    def become() -> None:
        os.chdir(folder)
        if output is not None:
            os.dup2(output, 1)
            os.dup2(output, 2)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and a program would too
            signal.signal(number, signal.SIG_DFL)
        os.execv(argv[0], argv)  # noqa: S606 - a program and its arguments, no shell

    return Child(_fork(become, signal.SIGTERM), output)


def work(function: Callable[[], Any]) -> Child:
    """Run *function* in a child. What it returns has to be JSON; what it raises ends it with status 1."""
    output = os.memfd_create("result")

    def become() -> None:
        text = json.dumps(function()).encode()
        with os.fdopen(output, "wb", closefd=False) as file:
            file.write(text)
        os._exit(0)

    return Child(_fork(become, signal.SIGKILL), output)


def _fork(become: Callable[[], None], at_death: int) -> int:
    parent = os.getpid()
    # Until its handlers are reset a signal to the child would wake the parent through the descriptor that they share.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid:
            return pid
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # one that is sent to the whole group is meant for us
            _libc.prctl(_PR_SET_PDEATHSIG, at_death, 0, 0, 0)  # no orphans
            if os.getppid() == parent:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
                become()
        except BaseException as error:  # noqa: BLE001 - whatever it is, a child must not go on as the supervisor
            os.write(2, f"egc-envoy: {error}\n".encode())
        finally:
            os._exit(127)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def trim() -> None:
    """Give memory that is not used back to the system."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # not every libc has it
        _libc.malloc_trim(0)
