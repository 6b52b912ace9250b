"""A site that runs, with the programs of its bundle, certbot and a CA of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from egc_host.bundle import load
from egc_host.certificates import placeholder, x509

from egc.artifacts.programs import programs
from tests.host.acme import Authority
from tests.host.bundles import free_port
from tests.host.running import Running
from tests.host.variants import Change

BIN = Path(sys.executable).parent
CERTBOTS = ("/usr/bin/certbot", os.fspath(BIN / "certbot"))
"""That of Debian 12, and the newest."""


def install_programs(bundle: Path) -> None:
    """Put into a bundle the programs that `egc build` puts there."""
    for name, content in programs():
        path = bundle / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)


class Site(Running):
    """A site whose lineages have placeholders, and certbot's folders beside it."""

    def __init__(
        self, authority: Authority, *, reload: str, lineages: tuple[str, ...] = ("site",), eab: Path | None = None
    ) -> None:
        self.authority, self._eab = authority, eab
        super().__init__(reload=reload, lineages=lineages, seconds=(1, 2), changes=(self._acme,))

    def prepare(self) -> None:
        """Choose the port on which certbot answers."""
        self.layout.acme_port = free_port()
        self.config = self.layout.root / "letsencrypt"

    def renew(self, lineage: str) -> None:
        """Nothing: the site begins with placeholders."""

    def bundle(self, version: str, *changes: Change) -> Path:
        """A bundle with its programs; its lineages have placeholders now."""
        bundle = super().bundle(version, *changes)
        install_programs(bundle)
        placeholder.ensure(load(bundle))
        return bundle

    def certs(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `egc-site certs`; its output is one text."""
        folders = ["--config-dir", os.fspath(self.config)]
        if command[0] in {"issue", "renew"}:
            for option in ("work", "logs"):
                folders += [f"--{option}-dir", os.fspath(self.layout.root / f"certbot-{option}")]
        return subprocess.run(
            [self.current / "bin" / "egc-site", "certs", *command, *folders],
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def listed(self) -> dict[str, dict[str, Any]]:
        """What `egc-site certs list --json` says of each lineage."""
        rows: list[dict[str, Any]] = json.loads(self.certs("list", "--json").stdout)
        return {row["lineage"]: row for row in rows}

    def served(self, lineage: str) -> x509.Description:
        """What Envoy presents for a lineage."""
        return x509.served("127.0.0.1", self.layout.https, self.layout.lineages[lineage][0])

    def serials(self) -> dict[str, str]:
        """The serials that Envoy presents, by lineage."""
        return {lineage: self.served(lineage).serial for lineage in self.layout.lineages}

    def reloads(self) -> int:
        """How many reloads succeeded so far."""
        number: int = self.status()["reloads"]["ok"]
        return number

    def metrics(self) -> str:
        """What node_exporter would read."""
        return (self.layout.root / "metrics" / "egc_certificates.prom").read_text(encoding="utf-8")

    def _acme(self, bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        eab = {"kid": "kid-1", "hmacKeyFile": os.fspath(self._eab)} if self._eab else None
        url, trust = self.authority.url, os.fspath(self.authority.trust)
        host["acme"] = {"email": "a@site.test", "server": url, "port": 0, "eab": eab, "caBundle": trust}
