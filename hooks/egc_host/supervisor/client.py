"""Ask the supervisor that runs in a folder."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

SOCKET = "ctl.sock"


class NotRunning(Exception):  # noqa: N818 - it says what is so, not what went wrong
    """No supervisor answers there; the message says why."""


def ask(run: Path, command: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The answer to one command: "reload" or "status". ``run`` is the run folder, ``timeout`` in seconds."""
    path = run / SOCKET
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(json.dumps(command).encode() + b"\n")
            line = _line(connection)
    except socket.timeout as error:  # in Python 3.9 it is not TimeoutError
        raise NotRunning(f"{path} did not answer within {timeout:g} s") from error
    except OSError as error:
        raise NotRunning(f"{path}: {error.strerror or error}") from error
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise NotRunning(f"{path} was closed before it answered") from error
    if not isinstance(answer, dict):
        raise NotRunning(f"{path} is no supervisor's")
    return answer


def _line(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return received
