"""A client that sends exactly what it is told and follows nothing."""

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events

_TIMEOUT = 15.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire: the target is not normalised. ``sni`` None means plain text."""

    method: str
    authority: str
    target: str
    sni: str | None = None
    http2: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer: lower-case header names, each with its values; ``client`` is the address that asked."""

    status: int
    headers: dict[str, list[str]]
    body: bytes
    client: str


class RefusedError(Exception):
    """There was no answer: no connection, no handshake, or a close without a word."""


def send(request: Request, port: int) -> Reply:
    """Ask 127.0.0.1:*port* on a new connection. RefusedError without an answer, TimeoutError if it takes too long."""
    try:
        with contextlib.ExitStack() as stack:
            channel = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT))
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = "{}:{}".format(*channel.getsockname())
            if request.sni is not None:
                channel = stack.enter_context(_tls(channel, request))
            status, headers, body = (_ask2 if request.http2 else _ask1)(request, channel)
            return Reply(status, _grouped(headers), body, client)
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise RefusedError(str(error) or type(error).__name__) from error


def _tls(channel: socket.socket, request: Request) -> ssl.SSLSocket:
    """A handshake that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
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
