"""A certificate that lets Envoy start before the first issuance."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from egc_host.certificates import lineage
from egc_host.certificates.notes import Notes
from egc_host.certificates.x509 import PLACEHOLDER
from egc_host.findings import Refusal
from egc_host.findings import certificates as findings
from egc_host.releases.account import owner

if TYPE_CHECKING:
    from egc_host.bundle import Bundle

_DAYS = 30
_REQUEST = """\
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
O = {organisation}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def lacking(bundle: Bundle) -> list[str]:
    """The names of the lineages that have nothing; OSError if this user cannot tell."""
    return [wanted.name for wanted in bundle.lineages if _lacks(bundle, wanted.name)]


def ensure(bundle: Bundle, *, notes: Path | None = None) -> list[str]:
    """Publish a placeholder for each lineage that has nothing; returns their names.

    What is there is left as it is. ``notes`` is the folder of the lock, by default the state folder. Refusal if openssl
    is missing or fails, or the folder is not safe; OSError if it cannot be written.
    """
    made = []
    for wanted in bundle.lineages:
        with Notes(notes or bundle.state).publishing():
            if not _lacks(bundle, wanted.name):
                continue
            pair = _selfsigned(wanted.name, wanted.hostnames)
            lineage.publish(pair, bundle.certificates / wanted.name, readers(bundle))
            made.append(wanted.name)
    return made


def _lacks(bundle: Bundle, name: str) -> bool:
    try:
        (bundle.certificates / lineage.check_name(name) / lineage.CURRENT).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def readers(bundle: Bundle) -> int | None:
    """The group that reads certificates, that of Envoy's user; None if it does not exist or is not ours to give."""
    group = owner(bundle.envoy.user).group
    return None if group == -1 else group


def _selfsigned(name: str, hostnames: tuple[str, ...]) -> tuple[bytes, bytes]:
    names = ",".join(f"DNS:{hostname}" for hostname in hostnames or (name,))
    with tempfile.TemporaryDirectory(prefix="egc-") as temporary:  # mode 0700
        request, chain, key = (Path(temporary, file) for file in ("request", "chain", "key"))
        request.write_text(_REQUEST.format(organisation=PLACEHOLDER, names=names), encoding="utf-8")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"]
        files = ["-config", os.fspath(request), "-out", os.fspath(chain), "-keyout", os.fspath(key)]
        try:
            done = subprocess.run(
                ["openssl", "req", "-x509", *curve, "-days", str(_DAYS), *files],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise Refusal(findings.NO_OPENSSL, f"{name}: no openssl in PATH to make a placeholder") from error
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise Refusal(findings.NO_PLACEHOLDER, f"{name}: openssl failed: {said[-1] if said else done.returncode}")
        return chain.read_bytes(), key.read_bytes()
