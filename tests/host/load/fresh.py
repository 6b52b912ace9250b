"""Clients that connect anew."""

import asyncio

from tests.host.load.client import Client, failed, succeeded
from tests.host.load.connection import Connection
from tests.host.load.http1 import ask
from tests.host.load.report import RequestError, Tally


class Fresh(Client):
    """Makes a connection for each request; *ends* is what the body ends with, if it matters."""

    ends = b""

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Ask until *stop* is set."""
        async for started in self.due(stop):
            connection: Connection | None = None
            try:
                connection = await Connection.open(self.target, tally)
                answer = await ask(connection, self.target.name, self.path, self.patience, "Connection: close")
                answer.check(ends=self.ends)
            except RequestError as error:
                failed(tally, error, connection)
                continue
            succeeded(tally, started, answer)
            connection.close()


class Stream(Fresh):
    """Asks for a stream, which counts only if its last chunk came."""

    ends = b"END\n"
