"""The control socket: one line of JSON comes, one goes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Callable

from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor.loop import IDLE, POLL, Loop, Steps
from egc_host.supervisor.verdict import refused

_LONGEST, _MOST, _PATIENCE = 4096, 64, 5.0

Reply = Callable[[dict[str, Any]], None]


class _Connection:
    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.received = b""
        self.asked = False
        self.answer = b""
        self.since = time.monotonic()


class Control:
    """Listens at *path*. ``handle`` gets each command, with what to call once with the answer, now or later."""

    def __init__(self, loop: Loop, path: Path, handle: Callable[[dict[str, Any], Reply], None]) -> None:
        self._loop, self._path, self._handle = loop, path, handle
        self._server: socket.socket | None = None
        self._connections: set[_Connection] = set()

    def open(self) -> None:
        """Listen, in the place of whatever is at the path. OSError."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        server = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            server.bind(str(self._path))
            server.listen(4 * _MOST)  # who connects with a timeout is not made to wait, but refused
        except OSError:
            server.close()
            raise
        finally:
            os.umask(mask)
        server.settimeout(0)
        self._shut()
        self._server = server
        self._loop.watch(server, self._accept)

    def close(self) -> None:
        """Stop listening and remove the socket; who waits for an answer is hung up on."""
        self._shut()
        with contextlib.suppress(OSError):
            self._path.unlink()
        for connection in list(self._connections):
            self._hang_up(connection)

    def watch(self) -> Steps[None]:
        """Listen anew if the socket vanished, as when somebody emptied the run folder; hang up on who says nothing."""
        while True:
            if self._server is not None and not self._path.exists():
                with contextlib.suppress(OSError):
                    self.open()
            for connection in list(self._connections):
                if not connection.asked and time.monotonic() - connection.since > _PATIENCE:
                    self._hang_up(connection)
            yield _PATIENCE if self._server is not None else IDLE

    def _shut(self) -> None:
        if self._server is not None:
            self._loop.forget(self._server)
            self._server.close()
            self._server = None

    def _accept(self) -> None:
        if self._server is None:
            return
        with contextlib.suppress(OSError):
            channel, _ = self._server.accept()
            channel.settimeout(0)
            connection = _Connection(channel)
            if len(self._connections) >= _MOST:
                silent = [one for one in self._connections if not one.asked]
                if not silent:
                    channel.close()
                    return
                self._hang_up(min(silent, key=lambda one: one.since))
            self._connections.add(connection)
            self._loop.watch(channel, lambda: self._read(connection))

    def _read(self, connection: _Connection) -> None:
        try:
            part = connection.channel.recv(_LONGEST)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        connection.received += part
        if not part or len(connection.received) > _LONGEST or connection.asked:
            self._hang_up(connection)
        elif connection.received.endswith(b"\n"):
            connection.asked = True
            self._answer(connection)

    def _answer(self, connection: _Connection) -> None:
        def reply(answer: dict[str, Any]) -> None:
            connection.answer = json.dumps(answer).encode() + b"\n"
            self._send(connection)
            if connection.answer:  # more than the socket takes at once
                self._loop.add(self._finish(connection))

        try:
            command = json.loads(connection.received)
        except (ValueError, RecursionError):  # the second of many brackets
            command = None
        if isinstance(command, dict):
            self._handle(command, reply)
        else:
            reply(refused([Finding(findings.BAD_REQUEST, "what came is no JSON object")]))

    def _send(self, connection: _Connection) -> None:
        """Send what goes without waiting; hang up at the end."""
        try:
            connection.answer = connection.answer[connection.channel.send(connection.answer) :]
        except BlockingIOError:
            return
        except OSError:
            connection.answer = b""
        if not connection.answer:
            self._hang_up(connection)

    def _finish(self, connection: _Connection) -> Steps[None]:
        deadline = time.monotonic() + _PATIENCE
        while connection.answer and time.monotonic() < deadline:
            yield POLL
            self._send(connection)
        self._hang_up(connection)

    def _hang_up(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._loop.forget(connection.channel)
            connection.channel.close()
