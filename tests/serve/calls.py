"""gRPC, spoken by its own implementation: backends that answer with what they were called, and a client."""

import contextlib
import json
import os
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

# Read when gRPC is imported: it has nothing to do in the children of this process, and nothing to say.
os.environ |= {"GRPC_ENABLE_FORK_SUPPORT": "0", "GRPC_VERBOSITY": "NONE"}

import grpc

from tests.serve.certificates import known
from tests.serve.echo import BACKEND
from tests.serve.heard import Heard

STATUS = "x-echo-status"
MESSAGES = "x-echo-messages"
DELAY = "x-echo-delay-ms"
_AT_ONCE = 16


class Called:
    """A gRPC server on loopback for each original endpoint address.

    It takes calls of any method. The answer to each is one message, or as many as ``x-echo-messages`` says: a JSON
    object with ``backend``, ``method`` (the whole path), ``headers`` (each a list) and ``said``, the messages of the
    client in a row. ``x-echo-status`` chooses the status by its name, ``x-echo-delay-ms`` how long each message
    takes. A host for which there is a certificate speaks TLS, see certificates.PKI.
    """

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._servers: dict[str, tuple[grpc.Server, int]] = {}

    def port(self, address: str) -> int:
        """The local port of the backend that stands for *address*."""
        if address not in self._servers:
            server = grpc.server(ThreadPoolExecutor(_AT_ONCE), handlers=[_Anything(address, self._heard)])
            pair = known(address.rpartition(":")[0])
            if pair is None:
                port = server.add_insecure_port("127.0.0.1:0")
            else:
                shown = [(pair[1].read_bytes(), pair[0].read_bytes())]
                port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(shown))
            server.start()
            self._servers[address] = server, port
        return self._servers[address][1]

    def close(self) -> None:
        """Stop all servers."""
        for server, _ in self._servers.values():
            server.stop(grace=None)


class _Anything:
    """A handler for the methods of all services."""

    def __init__(self, address: str, heard: Heard) -> None:
        self._address = address
        self._heard = heard

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """A handler of streams, since a single message is one, too."""
        headers: dict[str, list[str]] = {}
        for name, value in handler_call_details.invocation_metadata:
            headers.setdefault(name, []).append(value if isinstance(value, str) else value.hex())
        about = {"backend": self._address, "method": handler_call_details.method, "headers": headers}

        def answer(said: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            told = {**about, "said": ", ".join(message.decode() for message in said)}
            self._heard.note(told)
            text = json.dumps(told).encode()
            for i in range(int(headers.get(MESSAGES, ["1"])[0])):
                time.sleep(int(headers.get(DELAY, ["0"])[0]) / 1000)
                if i == 0:
                    context.send_initial_metadata([(BACKEND, self._address)])
                yield text
            if (wanted := headers.get(STATUS)) is not None:
                context.abort(grpc.StatusCode[wanted[0]], "as asked")

        return grpc.stream_stream_rpc_method_handler(answer)


class Caller:
    """Calls the methods of one host at a local port; with ``sni`` over TLS, whoever vouches for the certificate."""

    def __init__(self, port: int, authority: str, sni: str | None = None) -> None:
        options: list[tuple[str, Any]] = [("grpc.default_authority", authority), ("grpc.enable_retries", 0)]
        target = f"127.0.0.1:{port}"
        if sni is None:
            self._channel = grpc.insecure_channel(target, options)
        else:
            trusted = grpc.ssl_channel_credentials(_presented(port, sni).encode())
            self._channel = grpc.secure_channel(target, trusted, [*options, ("grpc.ssl_target_name_override", sni)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._channel.close()

    def call(
        self, path: str, headers: tuple[tuple[str, str], ...], said: bytes, seconds: float
    ) -> tuple[str, dict[str, list[str]], list[bytes]]:
        """Call a method with one message: the name of the status, headers and trailers, and the messages."""
        method = self._channel.unary_stream(path)
        metadata = [(name.lower(), value) for name, value in headers]
        call = method(said, metadata=metadata, timeout=seconds)
        messages: list[bytes] = []
        with contextlib.suppress(grpc.RpcError):  # the status tells
            messages.extend(call)
        told: dict[str, list[str]] = {"grpc-message": [call.details()]} if call.details() else {}
        for name, value in [*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())]:
            told.setdefault(name, []).append(value if isinstance(value, str) else value.hex())
        return call.code().name, told, messages


def _presented(port: int, sni: str) -> str:
    """The certificate that a listener presents for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname=sni) as tls:
        found = tls.getpeercert(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(found or b"")
