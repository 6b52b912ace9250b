"""Datagrams that must come back."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

from tests.host.load.client import Client
from tests.host.load.report import Tally, see

_AWAITED = 1.0
"""Seconds after which a datagram counts as lost: the echo is next door."""


@dataclass(frozen=True)
class Datagrams(Client):
    """Sends a datagram every *interval* seconds, all from one port, or with *anew* each from a port of its own.

    The upstream answers *delay* seconds later; its port is the version that is taken down.
    """

    anew: bool = False
    delay: float = 0.0

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Send until *stop* is set."""
        waiting: set[asyncio.Task[None]] = set()
        port = await self._port(tally)
        async for _ in self.due(stop):
            if self.anew:
                port = await self._port(tally)
            task = asyncio.create_task(self._echo(port, tally))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)
        port.transport.close()

    async def _port(self, tally: Tally) -> "_Port":
        tally.connections += 1
        remote = (self.target.host, self.target.port)
        _, port = await asyncio.get_running_loop().create_datagram_endpoint(_Port, remote_addr=remote)
        return port

    async def _echo(self, port: "_Port", tally: Tally) -> None:
        sent = time.monotonic()
        message = f"{self.delay} {sent}".encode()
        port.expected[message] = asyncio.get_running_loop().create_future()
        port.transport.sendto(message)
        try:
            async with asyncio.timeout(self.delay + _AWAITED):
                upstream = await port.expected[message]
            tally.echoes += 1
            see(tally.versions, upstream, time.monotonic())
        except TimeoutError:
            tally.losses.append(sent)
        finally:
            del port.expected[message]
            if self.anew:
                port.transport.close()


class _Port(asyncio.DatagramProtocol):
    """A port and the datagrams it expects back."""

    def __init__(self) -> None:
        self.expected: dict[bytes, asyncio.Future[str]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message, _, upstream = data.rpartition(b" ")
        future = self.expected.get(message)
        if future is not None and not future.done():
            future.set_result(upstream.decode())
