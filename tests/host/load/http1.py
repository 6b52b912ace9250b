"""HTTP/1.1 over one connection."""

import asyncio
import ssl
from dataclasses import dataclass

from tests.host.load.connection import Connection
from tests.host.load.report import VERSION, RequestError, Why

_BROKEN = (ConnectionError, ssl.SSLError)


@dataclass(frozen=True)
class Answer:
    """An answer; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def version(self) -> str | None:
        """Which configuration it comes from."""
        return self.headers.get(VERSION)

    @property
    def last(self) -> bool:
        """The server will close the connection."""
        return self.headers.get("connection", "").lower() == "close"

    def check(self, status: int = 200, *, ends: bytes = b"") -> None:
        """RequestError unless it has this status, and a body that ends so."""
        if self.status != status:
            raise RequestError(Why.STATUS, f"{self.status} {self.body[:60].decode(errors='replace')}".rstrip())
        if not self.body.endswith(ends):
            raise RequestError(Why.BODY, f"of {len(self.body)} bytes")


async def ask(connection: Connection, name: str, path: str, patience: float, *headers: str) -> Answer:
    """Send a GET and read the whole answer, *patience* seconds long; RequestError says what went wrong."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {name}", *headers, "", ""]
    answer = await head(connection, "\r\n".join(lines).encode(), patience)
    try:
        async with asyncio.timeout(patience):
            body = await _body(connection.reader, answer.headers)
    except TimeoutError as error:
        raise RequestError(Why.TIMEOUT, "in the body") from error
    except (asyncio.IncompleteReadError, *_BROKEN) as error:
        raise RequestError(Why.TRUNCATED, type(error).__name__) from error
    except ValueError as error:
        raise RequestError(Why.MALFORMED, error) from error
    connection.used = True
    return Answer(answer.status, answer.headers, body)


async def head(connection: Connection, request: bytes, patience: float) -> Answer:
    """Send *request* and read status and headers, *patience* seconds long."""
    reused = connection.used
    try:
        async with asyncio.timeout(patience):
            connection.writer.write(request)
            await connection.writer.drain()
            text = await connection.reader.readuntil(b"\r\n\r\n")
        lines = text.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        return Answer(int(lines[0].split()[1]), {key.lower(): value.strip() for key, _, value in pairs})
    except TimeoutError as error:
        raise RequestError(Why.TIMEOUT) from error
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise RequestError(Why.TRUNCATED, "in the headers") from error
        raise RequestError(Why.EOF_REUSED if reused else Why.EOF_NEW) from error
    except _BROKEN as error:
        raise RequestError(Why.RESET_REUSED if reused else Why.RESET_NEW, type(error).__name__) from error
    except (ValueError, IndexError, asyncio.LimitOverrunError) as error:
        raise RequestError(Why.MALFORMED, error) from error


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    chunks = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunks.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(chunks)
