"""Backends that answer with what they were asked."""

import contextlib
import json
import socket
import ssl
import threading
import time
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

BACKEND = "x-echo-backend"
"""The response header that names the backend, for answers whose body is not the echo's."""

_BODILESS = ("204", "304")
_PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n"


class Echo:
    """One HTTP/1.1 server on loopback for each original endpoint address, so that an answer can name it.

    The answer is a JSON object: ``backend``, ``method``, ``path`` (as on the wire), ``host``, ``headers`` (lower case,
    each a list), ``body``, ``tls`` (the SNI, "" without one, null over plain TCP) and ``proxy`` (the version of a PROXY
    protocol header, or null). The request may choose the answer: ``x-echo-status``, ``x-echo-delay-ms``, and any number
    of ``x-echo-header: name: value``.
    """

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*certificate)
        self._tls.sni_callback = lambda tls, name, _: setattr(tls, "egc_sni", name)
        self._sockets: dict[str, socket.socket] = {}

    def port(self, address: str) -> int:
        """The local port of the backend that stands for *address*."""
        if address not in self._sockets:
            listening = socket.create_server(("127.0.0.1", 0), backlog=128)
            self._sockets[address] = listening
            threading.Thread(target=self._accept, args=(listening, address), daemon=True).start()
        port: int = self._sockets[address].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for listening in self._sockets.values():
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(); close() alone does not
            listening.close()

    def _accept(self, listening: socket.socket, address: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            about: dict[str, object] = {"backend": address, "proxy": _proxy(connection), "tls": None}
            if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS handshake record
                connection = self._tls.wrap_socket(connection, server_side=True)
                about["tls"] = getattr(connection, "egc_sni", None) or ""
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline(65537):
                    connection.sendall(_answer(line, stream, about))


def _proxy(connection: socket.socket) -> str | None:
    """Take a PROXY protocol header off the connection; its version."""
    start = connection.recv(len(_PROXY_V2), socket.MSG_PEEK)
    if start.startswith(b"PROXY "):
        while connection.recv(1) not in (b"\n", b""):
            pass
        return "v1"
    if start == _PROXY_V2:
        fixed = connection.recv(16, socket.MSG_WAITALL)
        connection.recv(int.from_bytes(fixed[14:16], "big"), socket.MSG_WAITALL)
        return "v2"
    return None


def _answer(line: bytes, stream: BinaryIO, about: dict[str, object]) -> bytes:
    """Read the rest of the request that starts with *line*; the whole response."""
    method, path, _ = line.decode("latin-1").split()
    message = parse_headers(stream)
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(value)
    body = _body(message, stream).decode(errors="replace")
    time.sleep(int(message.get("x-echo-delay-ms", "0")) / 1000)
    host = message.get("host", "")
    told = {**about, "method": method, "path": path, "host": host, "headers": headers, "body": body}
    lines = [f"{BACKEND}: {about['backend']}", *message.get_all("x-echo-header", [])]
    if upgrade := message.get("upgrade"):
        return _response("101", ["connection: upgrade", f"upgrade: {upgrade}", *lines], b"")
    content = json.dumps(told).encode()
    lines += ["content-type: application/json", f"content-length: {len(content)}"]
    status = message.get("x-echo-status", "200")
    return _response(status, lines, b"" if method == "HEAD" or status in _BODILESS else content)


def _response(status: str, lines: list[str], body: bytes) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Echo", *lines, "", ""]).encode("latin-1") + body


def _body(message: HTTPMessage, stream: BinaryIO) -> bytes:
    if "chunked" not in message.get("transfer-encoding", ""):
        return stream.read(int(message.get("content-length", "0")))
    chunks = []
    while size := int(stream.readline().partition(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():  # trailers
        pass
    return b"".join(chunks)
