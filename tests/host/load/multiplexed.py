"""Clients that speak HTTP/2."""

import asyncio
from dataclasses import dataclass

from tests.host.load.client import Client, failed, succeeded
from tests.host.load.http2 import Http2
from tests.host.load.report import RequestError, Tally


@dataclass(frozen=True)
class Multiplexed(Client):
    """Sends requests over *streams* streams of one connection at once, each every *interval* seconds."""

    streams: int = 1

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Ask until *stop* is set."""
        pool = _Pool(self, tally)
        await asyncio.gather(*(self._stream(pool, stop) for _ in range(self.streams)))
        if pool.current is not None:
            await pool.current.close()

    async def _stream(self, pool: "_Pool", stop: asyncio.Event) -> None:
        async for started in self.due(stop):
            try:
                connection = await pool.get()
                answer = await connection.ask(self.target, self.path, self.patience)
                answer.check()
            except RequestError as error:
                failed(pool.tally, error)
            else:
                succeeded(pool.tally, started, answer)


class _Pool:
    """The connection in use; a retired one is left to end by itself."""

    def __init__(self, client: Multiplexed, tally: Tally) -> None:
        self.current: Http2 | None = None
        self.tally = tally
        self._client = client
        self._opening = asyncio.Lock()

    async def get(self) -> Http2:
        """A connection that takes new requests."""
        async with self._opening:
            if self.current is None or self.current.retired:
                self.current = await Http2.open(self._client.target, self.tally)
            return self.current
