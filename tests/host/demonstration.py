"""What the demonstration shows of the host: a site under load is changed, and gets another certificate."""

import contextlib
import getpass
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.host.backend import Backend
from tests.host.bundles import free_port
from tests.host.load import Load, Report
from tests.host.load.connection import Target
from tests.host.load.mix import SHORT, encrypted
from tests.host.load.report import VERSION
from tests.serve.certificates import throwaway

_HOSTNAME, _LINEAGE = "shop.example", "eih-tls-cert"
_ROUTE, _FOLDER = "keycloak", "/auth/realms/"
"""The route of the site that is asked: no policy limits how long an answer may take."""
_PATIENCE = 60.0
_AFTER = 100
"""Requests after the change: would it break something, they would show it."""

Build = Callable[[Path, Path], None]
"""Builds the platform site of a folder into another one."""


class DemonstrationError(Exception):
    """A program of the bundle failed; the message holds what it said."""


@dataclass(frozen=True)
class Result:
    """What clients saw of a change."""

    change: str
    report: Report
    quiet: bool = False
    """No connection may be closed."""

    @property
    def closed(self) -> int:
        """Connections that were closed, or cut."""
        return self.report.closings.total() + self.report.cuts.total()

    @property
    def good(self) -> bool:
        """Nobody noticed."""
        return not self.report.failed and not (self.quiet and self.closed)

    def __str__(self) -> str:
        """One phrase."""
        closed = f", {self.closed} connections closed" if self.quiet else ""
        return f"{self.change}: {self.report.requests:,} requests, {len(self.report.failed)} failed{closed}"


def demonstrate(site: Path, build: Build, envoy: Path) -> list[Result]:
    """Serve the platform site by the programs of its bundle, and do to it under load what happens to sites.

    DemonstrationError if a program fails, or a change is not served.
    """
    with tempfile.TemporaryDirectory(prefix="egc-") as temporary, Backend() as backend:
        folder = Path(temporary)
        host = _Host(folder, site, backend.port, build, envoy)
        with host.running():
            return [host.restarted(), host.renewed()]


class _Host:
    """A host in miniature, with the site as it is built first."""

    def __init__(self, folder: Path, site: Path, backend: int, build: Build, envoy: Path) -> None:
        self._folder, self._site, self._backend, self._build, self._envoy = folder, site, backend, build, envoy
        self._http, self._https = free_port(), free_port()
        self._bundle("v1")
        self._program("egc-site", "certs", "placeholders")

    def restarted(self) -> Result:
        """The site is changed: Envoy is restarted with the new configuration."""
        with self._load() as load:
            load.warm()
            self._bundle("v2")
            self._program("egc-envoy", "reload", "--run-dir", self._folder / "run")
            load.served("v2")
            self._until(lambda status: not status["draining"])
        return Result("hot restart", load.report)

    def renewed(self) -> Result:
        """certbot has a new certificate, and runs its deploy hook."""
        live = self._folder / "letsencrypt" / "live" / _LINEAGE
        live.mkdir(parents=True)
        chain, key = throwaway(live, [_HOSTNAME])
        chain.rename(live / "fullchain.pem")
        key.rename(live / "privkey.pem")
        certbot = os.fspath(live.parents[1])
        with self._load() as load:
            load.warm()
            self._program("certbot-deploy", "--config-dir", certbot, RENEWED_LINEAGE=os.fspath(live))
            changed = load.until(lambda report: len(report.certificates) == 2).requests
            load.until(lambda report: report.requests > changed + _AFTER)
        return Result("certificate change", load.report, quiet=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The supervisor serves the site while the context is open."""
        log = self._folder / "log"
        current = self._folder / "current"
        with (
            log.open("wb") as out,
            subprocess.Popen([current / "bin" / "egc-envoy", "run", current], stdout=out, stderr=out) as process,
        ):
            try:
                self._until(lambda status: status["state"] == "serving")
                yield
            except (DemonstrationError, TimeoutError) as error:
                raise DemonstrationError(f"{error}\n{log.read_text(encoding='utf-8', errors='replace')}") from error
            finally:
                process.terminate()

    def _load(self) -> Load:
        return Load(*encrypted(Target(self._https, _HOSTNAME, tls=True), SHORT, _FOLDER))

    def _bundle(self, version: str) -> None:
        """Build the site so that its answers carry *version*, and make that the current bundle."""
        site = self._folder / f"site-{version}"
        shutil.copytree(self._site, site, ignore=shutil.ignore_patterns("bundle"))
        for path in site.rglob("*.yaml"):
            documents = list(yaml.safe_load_all(path.read_bytes()))
            for document in documents:
                if isinstance(document, dict):
                    self._edit(document, version)
            path.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
        (site / "egc.yaml").write_text(yaml.safe_dump(self._profile()), encoding="utf-8")
        self._build(site, self._folder / f"dist-{version}")
        link = self._folder / "next"
        link.symlink_to(f"dist-{version}")
        link.rename(self._folder / "current")

    def _edit(self, document: dict[str, Any], version: str) -> None:
        """Free ports, our upstream, and a header that says which site it is."""
        kind: str = document.get("kind", "")
        spec: dict[str, Any] = document.get("spec", {})
        if kind == "Gateway":
            ports = {8080: self._http, 8443: self._https}
            for listener in spec["listeners"]:
                listener["port"] = ports[listener["port"]]
        elif kind == "Backend":
            spec["endpoints"] = [{"ip": {"address": "127.0.0.1", "port": self._backend}}]
        elif kind == "HTTPRoute" and document["metadata"]["name"] == _ROUTE:
            header = {
                "type": "ResponseHeaderModifier",
                "responseHeaderModifier": {"set": [{"name": VERSION, "value": version}]},
            }
            for rule in spec["rules"]:
                rule["filters"] = [*rule.get("filters", []), header]

    def _profile(self) -> dict[str, Any]:
        """As the site's own, but with every folder below ours, and with certificates that certbot keeps."""
        folder = self._folder
        return {
            "target": "systemd",
            "paths": {"/etc/envoy-gateway": "."},
            "directories": {name: os.fspath(folder / name) for name in ("run", "state", "releases")},
            "publishedPorts": {str(self._http): 80, str(self._https): 443},
            "metrics": {"enabled": False},
            "certificates": {
                "directory": os.fspath(folder / "tls"),
                "reload": "watch",
                "acme": {"port": free_port(), "lineages": {_LINEAGE: {"names": [_HOSTNAME]}}},
            },
            "envoy": {
                "path": os.fspath(self._envoy),
                "user": getpass.getuser(),
                "baseId": self._http,  # as good as any that nobody else has
                "concurrency": 1,
                "drainTime": "1s",
                "parentShutdownTime": "2s",
                "stopDrainTime": "0s",
            },
        }

    def _program(self, name: str, *arguments: str | Path, **environment: str) -> str:
        """What a program of the bundle says."""
        command = [self._folder / "current" / "bin" / name, *arguments]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemonstrationError(f"{name} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _until(self, condition: Callable[[dict[str, Any]], object]) -> None:
        """Wait for a status of the supervisor."""
        deadline, last = time.monotonic() + _PATIENCE, ""
        while time.monotonic() < deadline:
            try:
                last = self._program("egc-envoy", "status", "--run-dir", self._folder / "run", "--json")
                if condition(json.loads(last)):
                    return
            except DemonstrationError as error:
                last = str(error)
            time.sleep(0.05)
        raise TimeoutError(f"the supervisor does not get there: {last}")
