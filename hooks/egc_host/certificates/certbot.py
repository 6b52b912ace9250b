"""The certbot program and its folders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from egc_host.certificates import x509
from egc_host.certificates.lineage import CHAIN
from egc_host.findings import Finding, Refusal
from egc_host.findings import certificates as findings

CONFIG = Path("/etc/letsencrypt")
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"

_PLACES = "/usr/local/bin", "/usr/bin", "/snap/bin", "/opt/certbot/bin"
_SINCE = {"--preferred-profile": (4, 0), "--required-profile": (4, 0)}
"""The version that brought an option."""


@dataclass(frozen=True)
class Certbot:
    """A certbot program with its folders; without ``work`` and ``logs`` it uses its own."""

    program: str
    config: Path = CONFIG
    work: Path | None = None
    logs: Path | None = None
    bundle: Path | None = None
    """A file of CA certificates to trust the ACME server by."""

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run certbot without a terminal; its hooks get *environment* as well."""
        folders = [("--config-dir", self.config), ("--work-dir", self.work), ("--logs-dir", self.logs)]
        options = [text for option, folder in folders if folder is not None for text in (option, os.fspath(folder))]
        trust = {"REQUESTS_CA_BUNDLE": os.fspath(self.bundle)} if self.bundle is not None else {}
        return subprocess.run(
            [self.program, *arguments, "--non-interactive", *options],
            env={**os.environ, **trust, "EGC_CERTBOT_DIR": os.fspath(self.config), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def version(self) -> tuple[int, ...]:
        """Such as (2, 1, 0); Refusal if the program does not say."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False)
        match = re.search(r"certbot (\d+(?:\.\d+)+)", done.stdout + done.stderr)
        if match is None:
            raise Refusal(
                findings.CERTBOT_FAILED, f"{self.program} --version says {(done.stdout + done.stderr).strip()!r}"
            )
        return tuple(int(part) for part in match[1].split("."))

    def too_old(self, options: tuple[str, ...]) -> list[Finding]:
        """A finding for each option that this certbot does not know yet."""
        new = [option for option in options if option in _SINCE]
        have = self.version() if new else ()
        return [
            Finding(
                findings.CERTBOT_TOO_OLD,
                f"{option} needs certbot {_text(_SINCE[option])}, and {self.program} is {_text(have)}",
            )
            for option in new
            if have < _SINCE[option]
        ]

    def kept(self, name: str) -> x509.Description | None:
        """The certificate that certbot keeps as lineage *name*, if any."""
        return x509.described(self.config / "live" / name / CHAIN)

    def server(self, name: str) -> str | None:
        """The ACME server that a lineage is renewed by."""
        try:
            text = (self.config / "renewal" / f"{name}.conf").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        match = re.search(r"^server *= *(\S+)", text, re.MULTILINE)
        return match[1] if match else None


def find(given: str | None) -> str:
    """The certbot program; Refusal if there is none."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    found = shutil.which(given or "certbot", path=path)
    if found is None:
        raise Refusal(findings.NO_CERTBOT, f"there is no {given or 'certbot in PATH'}")
    return found


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
