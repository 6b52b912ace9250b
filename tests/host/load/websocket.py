"""WebSockets."""

import asyncio
import base64
import os
import ssl
import time

from tests.host.load.client import Client, failed, succeeded
from tests.host.load.connection import Connection
from tests.host.load.http1 import head
from tests.host.load.report import RequestError, Tally, Why

_SWITCHING = 101
_TEXT = 0x81
"""A text message in one frame."""


class WebSocket(Client):
    """Sends a message every *interval* seconds and awaits its echo; connects anew when cut off."""

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Talk until *stop* is set."""
        while not stop.is_set():
            connection: Connection | None = None
            started = time.monotonic()
            try:
                connection = await Connection.open(self.target, tally)
                answer = await head(connection, self._handshake(), self.patience)
                answer.check(_SWITCHING)
                succeeded(tally, started, answer)
                async for _ in self.due(stop):
                    await self._echo(connection, str(tally.echoes).encode())
                    tally.echoes += 1
            except RequestError as error:
                failed(tally, error, connection)
                await asyncio.sleep(self.interval)
                continue
            connection.close()

    def _handshake(self) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (f"GET {self.path} HTTP/1.1", f"Host: {self.target.name}", "Connection: Upgrade", "Upgrade: websocket")
        return "\r\n".join([*lines, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]).encode()

    async def _echo(self, connection: Connection, message: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(message))
        try:
            async with asyncio.timeout(self.patience):
                connection.writer.write(bytes([_TEXT, 0x80 | len(message)]) + mask + masked)
                await connection.writer.drain()
                kind, length = await connection.reader.readexactly(2)
                text = await connection.reader.readexactly(length)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
            raise RequestError(Why.WEBSOCKET, type(error).__name__) from error
        if (kind, text) != (_TEXT, message):
            raise RequestError(Why.WEBSOCKET, f"frame of kind {kind:#x}")
