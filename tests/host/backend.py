"""An upstream in a process of its own: ``python -m tests.host.backend`` prints its port and serves until killed.

It is on a free port of 127.0.0.1, or where its arguments, an address and a port, say.

/slow?seconds=2 answers late, /stream?seconds=5 in chunks (ten a second, the last says END), /websocket echoes text
frames, in whatever folder; everything else answers at once. Datagrams to the same port come back as many seconds later
as they begin with, with the port added.
"""

import asyncio
import base64
import contextlib
import hashlib
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).parents[2]

_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
_CHUNKS_PER_SECOND = 10


class Backend:
    """The upstream, while the context is open; ``port`` is its port on 127.0.0.1."""

    port = 0

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.host.backend"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()


async def _serve(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            await reader.readexactly(int(headers.get("content-length", "0")))
            url = urlsplit(head[0].split()[1])
            page = url.path.rpartition("/")[2]
            seconds = float(parse_qs(url.query).get("seconds", ["1"])[0])
            if page == "websocket":
                await _websocket(reader, writer, headers.get("sec-websocket-key", "").encode())
                return
            if page == "stream":
                await _stream(writer, seconds)
                continue
            if page == "slow":
                await asyncio.sleep(seconds)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n")
            await writer.drain()


async def _stream(writer: StreamWriter, seconds: float) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(round(seconds * _CHUNKS_PER_SECOND)):
        writer.write(b"6\r\nchunk\n\r\n")
        await writer.drain()
        await asyncio.sleep(1 / _CHUNKS_PER_SECOND)
    writer.write(b"4\r\nEND\n\r\n0\r\n\r\n")
    await writer.drain()


async def _websocket(reader: StreamReader, writer: StreamWriter, key: bytes) -> None:
    accept = base64.b64encode(hashlib.sha1(key + _WEBSOCKET).digest())
    upgrade = b"connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: "
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n" + upgrade + accept + b"\r\n\r\n")
    while True:
        kind, length = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(length & 0x7F)
        text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
        writer.write(bytes([kind, len(text)]) + text)
        await writer.drain()


class _Echo(asyncio.DatagramProtocol):
    """Sends datagrams back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = b"%b %d" % (data, self._transport.get_extra_info("sockname")[1])
        asyncio.get_running_loop().call_later(float(data.split()[0]), self._transport.sendto, answer, addr)


async def _main() -> None:
    address, wanted = sys.argv[1:] or ("127.0.0.1", "0")
    server = await asyncio.start_server(_serve, address, int(wanted), backlog=1024)
    port = server.sockets[0].getsockname()[1]
    await asyncio.get_running_loop().create_datagram_endpoint(_Echo, (address, port))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
