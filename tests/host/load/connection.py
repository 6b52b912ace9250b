"""Connections to a site."""

import asyncio
import hashlib
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.host.load.report import Closing, RequestError, Tally, Why, see

CONNECT_TIMEOUT = 10.0
"""Seconds for TCP and TLS together."""


@dataclass(frozen=True)
class Target:
    """A listener of the site. ``name`` is the authority, and the SNI where ``tls``."""

    port: int
    name: str = "site.test"
    tls: bool = False
    host: str = "127.0.0.1"

    @property
    def kind(self) -> str:
        """How a client's name says where it goes."""
        return " TLS" if self.tls else ""


@cache
def _context(protocol: str) -> ssl.SSLContext:
    """Any certificate will do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


class Connection:
    """One connection; ``used`` says whether it has answered yet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally) -> None:
        self.reader, self.writer, self.tally = reader, writer, tally
        self.used = False

    @classmethod
    async def open(cls, target: Target, tally: Tally, protocol: str = "http/1.1") -> "Connection":
        """Connect; RequestError says what prevents it."""
        tally.connections += 1
        tls: dict[str, Any] = {"ssl": _context(protocol), "server_hostname": target.name} if target.tls else {}
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                reader, writer = await asyncio.open_connection(target.host, target.port, **tls)
        except TimeoutError as error:  # an OSError, too
            raise RequestError(Why.TIMEOUT_CONNECTING) from error
        except ConnectionRefusedError as error:
            raise RequestError(Why.REFUSED) from error
        except ConnectionError as error:
            raise RequestError(Why.RESET_CONNECTING, type(error).__name__) from error
        except ssl.SSLError as error:
            raise RequestError(Why.HANDSHAKE, error.reason) from error
        except OSError as error:
            raise RequestError(Why.CONNECTING, error) from error
        connection = cls(reader, writer, tally)
        if (certificate := connection.certificate()) is not None:
            see(tally.certificates, certificate, time.monotonic())
        return connection

    def certificate(self) -> str | None:
        """The SHA-256 of the server's certificate; None over plain TCP."""
        tls = self.writer.get_extra_info("ssl_object")
        return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest() if tls is not None else None

    @property
    def ended(self) -> bool:
        """The server has closed it."""
        return self.reader.at_eof() or self.writer.is_closing()

    def close(self, how: Closing | None = None) -> None:
        """Drop it at once; *how* if it is the server that ended it."""
        if how is not None:
            self.tally.closings[how] += 1
        self.writer.transport.abort()
