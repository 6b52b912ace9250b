"""What a cluster's kubelet is to the API server: a Node object, and a server that hands out what containers said."""

import datetime
import http.server
import logging
import socketserver
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.network import HOST
from tests.serve.certificates import throwaway

Logs = Callable[[str, str, str, datetime.datetime | None], bytes | None]
"""What a container said from a time on, by namespace, Pod and container; None if there is no such container."""

PORT = 10250
_log = logging.getLogger(__name__)


def registered(name: str) -> dict[str, Any]:
    """The Node object that says where the server is."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {
            "addresses": [{"type": "InternalIP", "address": HOST}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": now}],
        },
    }


class Kubelet:
    """The server, within ``with``. Only logs are asked of it, and of their options only the time."""

    def __init__(self, logs: Logs, folder: Path) -> None:
        self._server = _Server((HOST, PORT), _Handler)
        self._server.logs = logs
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*throwaway(folder, ["kubelet.invalid"]))
        # The handshake is left to the connection's own thread.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="kubelet", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):  # http.server's own one asks DNS for its name
    logs: Logs
    allow_reuse_address = True
    daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        options = dict(parse_qsl(parts.query))
        kind, *names = parts.path.strip("/").split("/")
        if options.pop("stream", "All") != "All" or options.keys() - {"sinceTime"} or kind != "containerLogs":
            _log.error("the kubelet does not know %s", self.path)
            self._answer(501, b"not supported")
            return
        since = datetime.datetime.fromisoformat(options["sinceTime"]) if "sinceTime" in options else None
        said = self.server.logs(names[0], names[1], names[2], since) if len(names) == 3 else None
        self._answer(404 if said is None else 200, b"no such container" if said is None else said)

    def log_message(self, *_: object) -> None:
        """Say nothing of what succeeds."""

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
