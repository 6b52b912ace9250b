"""Envoy's admin interface, asked without ever blocking the loop."""

from __future__ import annotations

import errno
import json
import socket
import time
from typing import Any

from egc_host.supervisor.loop import POLL, Steps

_TIMEOUT = 1.0


def restarted(address: str) -> Steps[int]:
    """The restart epoch of the Envoy that answers and is live; -1 if none is. ``address``: a path or host:port."""
    try:
        status, body = yield from ask(address, "GET", "/server_info")
        told: Any = json.loads(body)
        if status != 200 or told["state"] != "LIVE":
            return -1
        return int(told["command_line_options"].get("restart_epoch", 0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return -1


def ask(address: str, method: str, path: str) -> Steps[tuple[int, bytes]]:
    """Status and body of the answer. OSError if there is none within a second."""
    deadline = time.monotonic() + _TIMEOUT
    request = f"{method} {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    with _connect(address) as connection:
        received = b""
        while True:
            try:
                if request:
                    request = request[connection.send(request) :]
                    continue
                part = connection.recv(65536)
                if not part:
                    return _parse(received)
                received += part
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOTCONN):
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError(errno.ETIMEDOUT, "the admin interface does not answer") from error
                yield POLL


def _connect(address: str) -> socket.socket:
    target: str | tuple[str, int] = address
    family = socket.AF_UNIX
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        family, target = socket.AF_INET6 if ":" in host else socket.AF_INET, (host, int(port))
    connection = socket.socket(family)
    connection.settimeout(0)
    code = connection.connect_ex(target)
    if code not in (0, errno.EINPROGRESS):
        connection.close()
        raise OSError(code, f"{address} cannot be reached")
    return connection


def _parse(answer: bytes) -> tuple[int, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    if any(header.lower().replace(" ", "") == "transfer-encoding:chunked" for header in headers):
        body = b"".join(_chunks(body))
    status = first.split()[1:2]
    if not status:  # as from an Envoy that closes its admin interface just now
        raise ValueError("the admin interface closed the connection without an answer")
    return int(status[0]), body


def _chunks(body: bytes) -> list[bytes]:
    chunks = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        chunks.append(body[:length])
        body = body[length + 2 :]
    return chunks
