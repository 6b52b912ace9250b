"""HTTP/2 over one connection."""

import asyncio
import ssl
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.host.load.connection import Connection, Target
from tests.host.load.http1 import Answer
from tests.host.load.report import Closing, RequestError, Tally, Why

_FRAME_HEADER = 9
_GOAWAY = 7


@dataclass
class _Stream:
    done: asyncio.Future[None]
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http2:
    """A connection that takes many requests at once.

    After GOAWAY it is ``retired``: its streams go on, and new requests belong on another connection. python-h2 would
    close its state at once, as no browser does, so that GOAWAY is taken out before it sees it.
    """

    def __init__(self, connection: Connection) -> None:
        self.retired = False
        self._connection = connection
        self._state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._streams: dict[int, _Stream] = {}
        self._pending = b""
        self._state.initiate_connection()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, target: Target, tally: Tally) -> "Http2":
        """Connect; RequestError says what prevents it."""
        connection = await Connection.open(target, tally, "h2")
        tls = connection.writer.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            connection.close()
            raise RequestError(Why.HANDSHAKE, "HTTP/2 was not negotiated")
        return cls(connection)

    async def ask(self, target: Target, path: str, patience: float) -> Answer:
        """Send a GET and read the whole answer, *patience* seconds long; RequestError says what went wrong."""
        stream = _Stream(asyncio.get_running_loop().create_future())
        scheme = "https" if target.tls else "http"
        try:
            number = self._state.get_next_available_stream_id()
            pseudo = {":method": "GET", ":path": path, ":scheme": scheme, ":authority": target.name}
            self._state.send_headers(number, list(pseudo.items()), end_stream=True)
        except h2.exceptions.ProtocolError as error:
            raise RequestError(Why.CONNECTION_LOST, error) from error
        self._streams[number] = stream
        try:
            async with asyncio.timeout(patience):
                self._send()
                await stream.done
        except TimeoutError as error:
            raise RequestError(Why.TIMEOUT) from error
        finally:
            self._streams.pop(number, None)
            self._close_if_done()
        return Answer(int(stream.headers[":status"]), stream.headers, stream.body)

    async def close(self) -> None:
        """Drop it at once."""
        self._connection.close()
        await self._task

    def _send(self) -> None:
        if not self._connection.writer.is_closing():
            self._connection.writer.write(self._state.data_to_send())

    async def _read(self) -> None:
        detail: object = "closed"
        try:
            self._send()
            while data := await self._connection.reader.read(65536):
                for event in self._state.receive_data(self._without_goaway(data)):
                    self._handle(event)
                self._send()
        except (ConnectionError, ssl.SSLError, h2.exceptions.ProtocolError) as error:
            detail = type(error).__name__
        ours = self._connection.writer.is_closing()
        if not ours:
            how = Closing.CUT if self._streams else Closing.IDLE
            self._connection.close(None if self.retired else how)
        self.retired = True
        for stream in self._streams.values():
            _fail(stream, RequestError(Why.CONNECTION_LOST, detail))

    def _without_goaway(self, data: bytes) -> bytes:
        """The whole frames that have come, but for GOAWAY, which is obeyed."""
        self._pending += data
        kept = b""
        while len(self._pending) >= _FRAME_HEADER:
            size = _FRAME_HEADER + int.from_bytes(self._pending[:3], "big")
            if len(self._pending) < size:
                break
            frame, self._pending = self._pending[:size], self._pending[size:]
            if frame[3] == _GOAWAY:
                self._retire(int.from_bytes(frame[9:13], "big") & 0x7FFFFFFF)
            else:
                kept += frame
        return kept

    def _retire(self, last: int) -> None:
        """The server will answer the streams up to *last*, and no others."""
        if not self.retired:
            self._connection.tally.closings[Closing.GOAWAY] += 1
        self.retired = True
        for number, stream in self._streams.items():
            if number > last:
                _fail(stream, RequestError(Why.STREAM_REFUSED))
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self.retired and not self._streams:
            self._connection.close()

    def _handle(self, event: h2.events.Event) -> None:
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.DataReceived):
            self._state.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            stream.headers = {str(name): str(value) for name, value in event.headers or []}
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data or b""
        elif isinstance(event, h2.events.StreamEnded) and not stream.done.done():
            stream.done.set_result(None)
        elif isinstance(event, h2.events.StreamReset):
            _fail(stream, RequestError(Why.STREAM_RESET, event.error_code))


def _fail(stream: _Stream, error: RequestError) -> None:
    if not stream.done.done():
        stream.done.set_exception(error)
