"""A socket in the place of a draining Envoy that died.

Its successor still sends it "terminate" when parentShutdownTime is over. If that is refused, the successor, which
serves, blocks its main thread for 10 s and then aborts. So what it sends is taken, and thrown away.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from egc_host.supervisor.loop import Loop
from egc_host.supervisor.shared_memory import NAMES_PER_BASE_ID

_GENERATIONS = 3  # Envoy's names repeat after so many


def base(run: Path) -> Path:
    """What the names of the hot restart sockets begin with: Envoy's --socket-path."""
    return run / "hr"


def longest(run: Path, base_id: int) -> str:
    """The longest path of a socket that Envoy makes there."""
    return f"{base(run)}_udp_parent_{base_id * NAMES_PER_BASE_ID}"


def parent_socket(run: Path, base_id: int, epoch: int) -> Path:
    """Where the successor of *epoch* finds it."""
    return Path(f"{base(run)}_parent_{base_id * NAMES_PER_BASE_ID + epoch % _GENERATIONS}")


class Sinks:
    """The sockets that are held."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._held: dict[Path, socket.socket] = {}

    def hold(self, path: Path) -> None:
        """Take the place of a dead Envoy's socket. OSError."""
        self.release(path)
        sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)
        try:
            sink.bind(str(path))
        except OSError:
            sink.close()
            raise
        finally:
            os.umask(mask)
        self._held[path] = sink
        self._loop.watch(sink, lambda: _empty(sink))

    def release(self, path: Path) -> None:
        """Make room for the next Envoy of that name. Its file goes too: it may be a dead Envoy's own."""
        sink = self._held.pop(path, None)
        if sink is not None:
            self._loop.forget(sink)
            sink.close()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()

    def close(self) -> None:
        """Give all of them up."""
        for path in list(self._held):
            self.release(path)


def _empty(sink: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            sink.recv(65536)
