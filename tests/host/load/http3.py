"""Clients that speak HTTP/3."""

import asyncio
import ssl
from dataclasses import dataclass

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, FrameType, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamDataReceived, StreamReset

from tests.host.load.client import Client, failed, succeeded
from tests.host.load.connection import CONNECT_TIMEOUT, Target
from tests.host.load.http1 import Answer
from tests.host.load.report import Closing, RequestError, Tally, Why

_CONTROL = 0
"""The type of the stream that tells SETTINGS and GOAWAY: RFC 9114, section 6.2.1."""


@dataclass(frozen=True)
class Http3(Client):
    """Keeps its connection until the server ends it, or with *anew* makes one for each request."""

    anew: bool = False

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Ask until *stop* is set."""
        connection: Connection3 | None = None
        async for started in self.due(stop):
            if connection is not None and connection.retired:
                connection.leave(None)
                connection = None
            try:
                connection = connection or await Connection3.open(self.target, tally)
                answer = await connection.ask(self.target, self.path, self.patience)
                answer.check()
            except RequestError as error:
                failed(tally, error)
                if connection is not None:
                    connection.leave(error.closing)
                    connection = None
                continue
            succeeded(tally, started, answer)
            if self.anew:
                connection.leave(None)
                connection = None
        if connection is not None:
            connection.leave(None)


class Connection3(QuicConnectionProtocol):
    """One connection. aioquic does not tell of GOAWAY, so that the control stream is read a second time."""

    def __init__(self, quic: QuicConnection, tally: Tally) -> None:
        super().__init__(quic)
        self.retired = False
        self._tally = tally
        self._http = H3Connection(quic)
        self._control: dict[int, bytes] = {}
        self._answers: dict[int, tuple[asyncio.Future[None], dict[str, str]]] = {}

    @classmethod
    async def open(cls, target: Target, tally: Tally) -> "Connection3":
        """Connect; RequestError says what prevents it."""
        tally.connections += 1
        configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=target.name, verify_mode=ssl.CERT_NONE)
        quic = QuicConnection(configuration=configuration)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_datagram_endpoint(lambda: cls(quic, tally), local_addr=("127.0.0.1", 0))
        connection.connect((target.host, target.port))
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await connection.wait_connected()
        except TimeoutError as error:
            connection.leave(None)
            raise RequestError(Why.TIMEOUT_CONNECTING) from error
        except ConnectionError as error:
            connection.leave(None)
            raise RequestError(Why.HANDSHAKE) from error
        return connection

    async def ask(self, target: Target, path: str, patience: float) -> Answer:
        """Send a GET and await the whole answer; RequestError says what went wrong."""
        if self.retired:
            raise RequestError(Why.CONNECTION_LOST)
        number = self._quic.get_next_available_stream_id()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        headers: dict[str, str] = {}
        self._answers[number] = done, headers
        pseudo = {":method": "GET", ":scheme": "https", ":authority": target.name, ":path": path}
        self._http.send_headers(number, [(k.encode(), v.encode()) for k, v in pseudo.items()], end_stream=True)
        self.transmit()
        try:
            async with asyncio.timeout(patience):
                await done
        except TimeoutError as error:
            raise RequestError(Why.TIMEOUT) from error
        finally:
            del self._answers[number]
        return Answer(int(headers[":status"]), headers)

    def leave(self, how: Closing | None) -> None:
        """Drop it at once; *how* if it is the server that ended it."""
        if how is not None:
            self._tally.closings[how] += 1
        self.close()
        if self._transport is not None:
            self._transport.close()
        if self._timer is not None:
            self._timer.cancel()

    def quic_event_received(self, event: QuicEvent) -> None:
        """Take what the server sends."""
        if isinstance(event, ConnectionTerminated):
            self._end(event)
        elif isinstance(event, StreamReset):
            self._fail(event.stream_id, RequestError(Why.STREAM_RESET, event.error_code))
        elif isinstance(event, StreamDataReceived) and event.stream_id % 4 == 3:
            self._control[event.stream_id] = self._control.get(event.stream_id, b"") + event.data
            if not self.retired and _goes_away(self._control[event.stream_id]):
                self._tally.closings[Closing.GOAWAY] += 1
                self.retired = True
        for found in self._http.handle_event(event):
            self._handle(found)

    def _handle(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived) or event.stream_id not in self._answers:
            return
        done, headers = self._answers[event.stream_id]
        if isinstance(event, HeadersReceived):
            headers.update({name.decode(): value.decode() for name, value in event.headers})
        if event.stream_ended and not done.done():
            done.set_result(None)

    def _end(self, event: ConnectionTerminated) -> None:
        if not self.retired and not self._answers:
            self._tally.closings[Closing.IDLE] += 1
        self.retired = True
        for number in self._answers:
            self._fail(number, RequestError(Why.CONNECTION_LOST, event.reason_phrase or event.error_code))

    def _fail(self, number: int, error: RequestError) -> None:
        if number in self._answers and not (done := self._answers[number][0]).done():
            done.set_exception(error)


def _goes_away(stream: bytes) -> bool:
    """A control stream that holds GOAWAY."""
    if not stream or stream[0] != _CONTROL:
        return False
    at = 1
    while at < len(stream):
        kind, at = _integer(stream, at)
        if kind == FrameType.GOAWAY:
            return True
        size, at = _integer(stream, at)
        at += size
    return False


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000, section 16) and where it ends; 0 where the data end first."""
    if at >= len(data):
        return 0, at
    length = 1 << (data[at] >> 6)
    value = int.from_bytes(data[at : at + length], "big") & ((1 << (8 * length - 2)) - 1)
    return value, at + length
