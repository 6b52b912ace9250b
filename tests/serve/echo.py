"""Backends that answer with what they were asked."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from tests.serve.certificates import PKI, known
from tests.serve.echo2 import PREFACE, converse
from tests.serve.heard import Heard

if TYPE_CHECKING:
    from tests.serve.calls import Called

BACKEND = "x-echo-backend"
"""The response header that names the backend, for answers whose body is not the echo's."""

_BODILESS = ("204", "304")
_PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n"


class Echo:
    """One server on loopback for each original endpoint address, so that an answer can name it.

    It speaks HTTP/1.1 and HTTP/2, any text by the line over TCP, and any text over UDP on the same port.

    The answer is a JSON object: ``backend``, ``method``, ``path`` (as on the wire), ``protocol``, ``host``, ``headers``
    (lower case, each a list), ``body``, ``tls`` (the SNI, "" without one, null over plain TCP) and ``proxy`` (the
    version of a PROXY protocol header, or null). Over TLS there is ``peer``, the common name in the certificate of the
    other side, "" without one: a host that is known shows its own, and one whose name begins with strict wants to see
    one, see certificates.PKI. The request may choose the answer: ``x-echo-status``,
    ``x-echo-delay-ms``, and any number of ``x-echo-header: name: value``; with ``x-echo-failures`` it chooses those of
    so many attempts alone. ``heard`` has every request. Of text, the object has ``backend``,
    ``said``, ``client`` (the address that the backend sees), ``tls`` and ``proxy``.
    """

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*certificate)
        self._tls.sni_callback = lambda tls, name, _: setattr(tls, "egc_sni", name)
        self._sockets: dict[str, socket.socket] = {}
        self._datagrams: list[socket.socket] = []
        self._called: Called | None = None
        self.heard = Heard()

    def called(self, address: str) -> int:
        """The local port of the backend that takes the calls of gRPC for *address*."""
        if self._called is None:
            from tests.serve.calls import Called  # noqa: PLC0415 - it takes a while to load, and most sites have no gRPC

            self._called = Called(self.heard)
        return self._called.port(address)

    def port(self, address: str) -> int:
        """The local port of the backend that stands for *address*."""
        if address not in self._sockets:
            listening, datagrams = _both()
            self._sockets[address] = listening
            self._datagrams.append(datagrams)
            threading.Thread(target=self._accept, args=(listening, address), daemon=True).start()
            threading.Thread(target=_answer_datagrams, args=(datagrams, address), daemon=True).start()
        port: int = self._sockets[address].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._called is not None:
            self._called.close()
        for listening in self._sockets.values():
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(); close() alone does not
            listening.close()
        for datagrams in self._datagrams:
            with contextlib.suppress(OSError):
                datagrams.shutdown(socket.SHUT_RDWR)  # not connected, and says so; but it wakes the thread
            datagrams.close()

    def _context(self, address: str) -> ssl.SSLContext:
        """TLS with the certificate that is known for the host, if there is one, else that of all others."""
        host = address.rpartition(":")[0]
        pair = known(host)
        if pair is None:
            return self._tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.load_verify_locations(PKI / "clients-ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED if host.startswith("strict") else ssl.CERT_OPTIONAL
        context.sni_callback = self._tls.sni_callback
        return context

    def _accept(self, listening: socket.socket, address: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = "{}:{}".format(*connection.getpeername())
            about: dict[str, object] = {"backend": address, "proxy": _proxy(connection), "tls": None}
            if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS handshake record
                connection = self._context(address).wrap_socket(connection, server_side=True)
                about["tls"] = getattr(connection, "egc_sni", None) or ""
                about["peer"] = _common_name(connection)
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline(65537):
                    if line == PREFACE:
                        converse(connection, stream, about, self.heard)
                    elif b" HTTP/" in line:
                        connection.sendall(_answer(line, stream, about, self.heard))
                    else:
                        connection.sendall(_heard(line, {**about, "client": client}) + b"\n")


def _common_name(connection: socket.socket) -> str:
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    subject = [pair for part in (shown or {}).get("subject", ()) for pair in part]
    return next((str(pair[1]) for pair in subject if pair[0] == "commonName"), "")


def _both() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on one free port."""
    while True:
        listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(listening.getsockname())
        except OSError:
            listening.close()
            datagrams.close()
        else:
            return listening, datagrams


def _answer_datagrams(datagrams: socket.socket, address: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            said, client = datagrams.recvfrom(65536)
            if client is None or client[1] == 0:
                return
            about: dict[str, object] = {"backend": address, "client": "{}:{}".format(*client)}
            datagrams.sendto(_heard(said, about), client)


def _heard(said: bytes, about: dict[str, object]) -> bytes:
    return json.dumps({**about, "said": said.decode(errors="replace").rstrip("\n")}).encode()


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


def _answer(line: bytes, stream: BinaryIO, about: dict[str, object], heard: Heard) -> bytes:
    """Read the rest of the request that starts with *line*; the whole response."""
    method, path, protocol = line.decode("latin-1").split()
    message = parse_headers(stream)
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(value)
    body = _body(message, stream).decode(errors="replace")
    host = message.get("host", "")
    asked = {"method": method, "path": path, "protocol": protocol, "host": host}
    told = {**about, **asked, "headers": headers, "body": body}
    attempt, failures = heard.note(told), message.get("x-echo-failures")
    if failures is not None and attempt > int(failures):
        message = HTTPMessage()
    time.sleep(int(message.get("x-echo-delay-ms", "0")) / 1000)
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
