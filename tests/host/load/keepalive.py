"""Clients that keep their connection: busy, idle, or waiting for a slow answer."""

import asyncio

from tests.host.load.client import Client, failed, succeeded
from tests.host.load.connection import Connection
from tests.host.load.http1 import ask
from tests.host.load.report import Closing, RequestError, Tally


class KeepAlive(Client):
    """Uses one HTTP/1.1 connection until the server ends it; one that ended while idle is replaced before use."""

    async def run(self, tally: Tally, stop: asyncio.Event) -> None:
        """Ask until *stop* is set."""
        connection: Connection | None = None
        async for started in self.due(stop):
            if connection is not None and connection.ended:
                connection.close(Closing.IDLE)
                connection = None
            try:
                connection = connection or await Connection.open(self.target, tally)
                answer = await ask(connection, self.target.name, self.path, self.patience)
                answer.check()
            except RequestError as error:
                failed(tally, error, connection)
                connection = None
                continue
            succeeded(tally, started, answer)
            if answer.last:
                connection.close(Closing.HEADER)
                connection = None
        if connection is not None:
            connection.close()
