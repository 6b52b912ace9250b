"""Clients of the load tell exactly what went wrong: without that, a count of no failures means nothing."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType

import h2.config
import h2.connection
import h2.events
import pytest

from tests.host.bundles import free_port
from tests.host.load import Load, Tally, Why
from tests.host.load.client import Client
from tests.host.load.connection import Target
from tests.host.load.fresh import Fresh, Stream
from tests.host.load.keepalive import KeepAlive
from tests.host.load.multiplexed import Multiplexed
from tests.host.load.report import Closing
from tests.host.load.websocket import WebSocket

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nx-version: v1\r\ncontent-length: 3\r\n\r\nok\n"


class Server:
    """Behaves like this to every connection, in a thread of its own, while the context is open."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._port = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._started = threading.Event()
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> int:
        self._thread.start()
        self._started.wait()
        return self._port

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._handle, "127.0.0.1", 0) as server:
            self._port = server.sockets[0].getsockname()[1]
            self._started.set()
            await self._stopping.wait()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._behave(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._behaviour(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def saw(client: Callable[[Target], Client], behaviour: Behaviour, enough: Callable[[Tally], object]) -> Tally:
    """What a client saw of a server that behaves so."""
    with Server(behaviour) as port, Load((1, client(Target(port)))) as load:
        (tally,) = load.report.tallies
        load.until(lambda _: enough(tally), 20)
    return tally


def answering(*answers: bytes, reset: bool = False) -> Behaviour:
    """Each request of a connection gets one of these; then it is closed, or reset."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        if reset:
            channel = writer.get_extra_info("socket")
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behaviour


def closing(answer: bytes) -> Behaviour:
    """The first request gets this, and then the connection is closed."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)

    return behaviour


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await reader.read()


def http2(answer: Callable[[h2.connection.H2Connection, int], None]) -> Behaviour:
    """A server that does this to each stream, over cleartext."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        while data := await reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    answer(state, event.stream_id or 0)
            writer.write(state.data_to_send())

    return behaviour


def answer2(state: h2.connection.H2Connection, stream: int) -> None:
    """A plain answer."""
    state.send_headers(stream, [(":status", "200"), ("x-version", "v1")], end_stream=True)


def go_away(state: h2.connection.H2Connection, stream: int) -> None:
    """Answer a stream, and take no others on this connection."""
    answer2(state, stream)
    state.close_connection(last_stream_id=stream)


def reset(state: h2.connection.H2Connection, stream: int) -> None:
    """No answer, but the connection goes on."""
    state.reset_stream(stream)


def refuse(state: h2.connection.H2Connection, stream: int) -> None:
    """Take no streams at all."""
    state.close_connection(last_stream_id=0)


@pytest.mark.parametrize(
    ("client", "behaviour", "why"),
    [
        (Fresh, answering(), Why.EOF_NEW),
        (Fresh, answering(reset=True), Why.RESET_NEW),
        (KeepAlive, answering(OK), Why.EOF_REUSED),
        (KeepAlive, answering(OK, reset=True), Why.RESET_REUSED),
        (Fresh, closing(OK[:20]), Why.TRUNCATED),
        (Fresh, closing(OK[:-1]), Why.TRUNCATED),
        (Fresh, answering(OK.replace(b"200", b"503")), Why.STATUS),
        (Fresh, answering(b"SSH-2.0\r\n\r\n"), Why.MALFORMED),
        (Stream, answering(OK), Why.BODY),
        (Fresh, silent, Why.TIMEOUT),
        (WebSocket, closing(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), Why.WEBSOCKET),
        (WebSocket, answering(OK), Why.STATUS),
        (Multiplexed, http2(reset), Why.STREAM_RESET),
        (Multiplexed, http2(refuse), Why.STREAM_REFUSED),
        (Multiplexed, answering(), Why.CONNECTION_LOST),
        (Multiplexed, silent, Why.TIMEOUT),
    ],
)
def test_failures(client: type[Client], behaviour: Behaviour, why: Why) -> None:
    """Each way to fail is told from the others."""
    patience = 0.1 if behaviour is silent else 10.0
    tally = saw(lambda to: client("client", to, interval=0.01, patience=patience), behaviour, lambda t: t.failures)
    assert {failure.why for failure in tally.failures} == {why}


def test_refused() -> None:
    """Nobody listens."""
    with Load((1, Fresh("client", Target(free_port())))) as load:
        load.until(lambda report: report.failed)
    assert {failure.why for failure in load.report.failed} == {Why.REFUSED}


def test_handshake() -> None:
    """What answers is no TLS server."""
    tally = saw(lambda to: Fresh("client", Target(to.port, tls=True)), closing(OK), lambda t: t.failures)
    assert {failure.why for failure in tally.failures} == {Why.HANDSHAKE}


@pytest.mark.parametrize(
    ("client", "behaviour", "how"),
    [
        (KeepAlive, answering(OK.replace(b"x-version", b"connection: close\r\nx-version")), Closing.HEADER),
        (Multiplexed, http2(go_away), Closing.GOAWAY),
    ],
)
def test_closings(client: type[Client], behaviour: Behaviour, how: Closing) -> None:
    """A server that ends connections as it should fails no request; the client connects anew."""
    tally = saw(lambda to: client("client", to, interval=0.01), behaviour, lambda t: t.connections >= 3)
    assert not tally.failures
    assert set(tally.closings) == {how}
    assert tally.versions["v1"].count == tally.answered >= 2


def test_closed_while_idle() -> None:
    """A connection that ended between two requests is replaced before use."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    tally = saw(lambda to: KeepAlive("client", to, interval=0.2), once, lambda t: t.connections >= 3)
    assert not tally.failures
    assert set(tally.closings) == {Closing.IDLE}
