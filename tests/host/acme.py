"""A CA of one's own: Pebble, and the DNS that it asks."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.host.bundles import free_port
from tests.needs import need
from tests.serve.certificates import throwaway

KID, HMAC = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
"""An account key for external account binding."""

_PATIENCE = 30.0


class Authority:
    """Pebble with its files in *folder*. Its URL and CA file are known before it runs."""

    def __init__(self, folder: Path, *, bound: bool = False) -> None:
        self._pebble, self._dns = need("pebble"), need("pebble-challtestsrv")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._bound = folder, bound
        self._port, self._management, self._names = free_port(), free_port(), free_port()
        self.trust, self._key = throwaway(folder, ["localhost"])

    @property
    def url(self) -> str:
        """Its ACME directory."""
        return f"https://localhost:{self._port}/dir"

    @contextlib.contextmanager
    def asking(self, port: int) -> Iterator[None]:
        """It runs, and asks *port* of 127.0.0.1 for challenges of any name, while the context is open."""
        config = {
            "listenAddress": f"127.0.0.1:{self._port}",
            "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": os.fspath(self.trust),
            "privateKey": os.fspath(self._key),
            "httpPort": port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": self._bound,
            "externalAccountMACKeys": {KID: HMAC},
        }
        path = self._folder / "pebble.json"
        path.write_text(json.dumps({"pebble": config}), encoding="utf-8")
        dns = f"127.0.0.1:{self._names}"
        off = [f"-{challenge}=" for challenge in ("http01", "https01", "tlsalpn01", "defaultIPv6")]
        management = f"-management=127.0.0.1:{self._management}"
        # Pebble is made to be difficult: it sleeps, refuses nonces and forgets authorizations at random.
        tame = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        with (
            self._running([self._dns, f"-dns01={dns}", *off, management], self._management, {}),
            self._running([self._pebble, "-config", os.fspath(path), "-dnsserver", dns], self._port, tame),
        ):
            yield

    def resolve(self, hostname: str, address: str) -> None:
        """Answer for *hostname* with this address; at first it is 127.0.0.1 for all."""
        for action in ("clear-a", "add-a"):
            body = json.dumps({"host": hostname, "addresses": [address]}).encode()
            urllib.request.urlopen(f"http://127.0.0.1:{self._management}/{action}", body).close()

    @contextlib.contextmanager
    def _running(self, command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
        """A server, once it takes connections on *port*."""
        log = self._folder / f"{Path(command[0]).name}.log"
        with (
            log.open("wb") as out,
            subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | environment) as process,
        ):
            try:
                deadline = time.monotonic() + _PATIENCE
                while not _takes_connections(port):
                    if time.monotonic() > deadline or process.poll() is not None:
                        raise TimeoutError(f"{command[0]} does not listen:\n{log.read_text(encoding='utf-8')}")
                    time.sleep(0.02)
                yield
            finally:
                process.kill()


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
