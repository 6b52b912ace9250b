"""A client that sends exactly what it is told and follows nothing."""

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events

from tests.serve.certificates import known
from tests.serve.echo import BACKEND

_TIMEOUT = 15.0
"""Seconds to wait for an answer."""
_ALERT = b"\x15\x03"
"""How a record of TLS begins that tells of an error."""


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire: the target is not normalised. ``sni`` None means plain text.

    With a ``transport``, tcp or udp, only the body is sent: one line or datagram. ``certificate`` is the name of the
    one that it shows, see certificates.PKI.
    """

    method: str
    authority: str
    target: str
    sni: str | None = None
    http2: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    transport: str = ""
    certificate: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer: lower-case header names, each with its values; ``client`` is the address that asked.

    One that is not HTTP has no status, and its only header is the one that names the backend.
    """

    status: int | str | None
    headers: dict[str, list[str]]
    body: bytes
    client: str


class RefusedError(Exception):
    """There was no answer: no connection, no handshake, or a close without a word."""


def send(request: Request, port: int, patience: float = _TIMEOUT) -> Reply:
    """Ask 127.0.0.1:*port* on a new connection. RefusedError without an answer, TimeoutError if it takes too long."""
    if request.transport == "udp":
        return _datagram(request, port, patience)
    if request.method == "GRPC":
        return _call(request, port, patience)
    try:
        with contextlib.ExitStack() as stack:
            channel = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=patience))
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = "{}:{}".format(*channel.getsockname())
            if request.sni is not None:
                channel = stack.enter_context(_tls(channel, request))
            if request.transport == "tcp":
                return _line(request, channel, client)
            status, headers, body = (_ask2 if request.http2 else _ask1)(request, channel)
            return Reply(status, _grouped(headers), body, client)
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise RefusedError(str(error) or type(error).__name__) from error


def _call(request: Request, port: int, patience: float) -> Reply:
    """A call of gRPC; the body of the reply is its last message."""
    from tests.serve.calls import Caller  # noqa: PLC0415 - it takes a while to load, and most sites have no gRPC

    with Caller(port, request.authority, request.sni) as caller:
        status, headers, messages = caller.call(request.target, request.headers, request.body, patience)
    headers["messages"] = [str(len(messages))]
    return Reply(status, headers, messages[-1] if messages else b"", "")


def _line(request: Request, channel: socket.socket, client: str) -> Reply:
    channel.sendall(request.body + b"\n")
    with channel.makefile("rb") as stream:
        return _told(stream.readline(), client)


def _datagram(request: Request, port: int, patience: float) -> Reply:
    """One datagram and its answer; silence is a refusal."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(patience)
        try:
            channel.connect(("127.0.0.1", port))
            channel.send(request.body)
            return _told(channel.recv(65536), "{}:{}".format(*channel.getsockname()))
        except OSError as error:
            raise RefusedError(str(error) or type(error).__name__) from error


def _told(answer: bytes, client: str) -> Reply:
    """What an echo backend says of text."""
    if not answer or answer.startswith(_ALERT):
        raise RefusedError("closed" if not answer else "TLS is wanted")
    return Reply(None, {BACKEND: [str(json.loads(answer)["backend"])]}, answer, client)


def _tls(channel: socket.socket, request: Request) -> ssl.SSLSocket:
    """A handshake that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if request.certificate and (pair := known(request.certificate)):
        context.load_cert_chain(*pair)
    if not request.transport:
        context.set_alpn_protocols(["h2" if request.http2 else "http/1.1"])
    tls = context.wrap_socket(channel, server_hostname=request.sni or None)
    if request.http2 and tls.selected_alpn_protocol() != "h2":
        raise RefusedError("HTTP/2 was not negotiated")
    return tls


def _grouped(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name.lower(), []).append(value)
    return grouped


def _ask1(request: Request, channel: socket.socket) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1")
    connection.sock = channel
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", request.authority)
    for name, value in request.headers:
        connection.putheader(name, value)
    if request.body:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body or None)
    with connection.getresponse() as response:
        return response.status, response.getheaders(), response.read()


def _ask2(request: Request, channel: socket.socket) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    scheme = "http" if request.sni is None else "https"
    pseudo = {":method": request.method, ":scheme": scheme, ":authority": request.authority, ":path": request.target}
    headers = [*pseudo.items(), *((name.lower(), value) for name, value in request.headers)]
    connection.send_headers(1, headers, end_stream=not request.body)
    if request.body:
        connection.send_data(1, request.body, end_stream=True)
    answer: list[tuple[str, str]] = []
    body = b""
    while True:
        channel.sendall(connection.data_to_send())
        data = channel.recv(65536)
        if not data:
            raise RefusedError("closed")
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                answer = [(str(name), str(value)) for name, value in event.headers or []]
            elif isinstance(event, h2.events.DataReceived):
                body += event.data or b""
                connection.acknowledge_received_data(event.flow_controlled_length or 0, 1)
            elif isinstance(event, h2.events.StreamEnded):
                return int(dict(answer)[":status"]), answer, body
            elif isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                raise RefusedError(f"HTTP/2 error {event.error_code}")
