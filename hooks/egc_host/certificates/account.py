"""Who certbot is to the CA: options that no lineage has of its own, and secrets that no command line shows."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egc_host.certificates.certbot import STAGING
from egc_host.findings import Refusal
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from collections.abc import Iterator

_LETSENCRYPT = "letsencrypt.org/"


def server(acme: dict[str, Any], *, staging: bool) -> str:
    """The URL of the ACME server to ask; Refusal if there is no such staging server."""
    url: str = acme["server"]
    if staging and _LETSENCRYPT not in url:
        raise Refusal(findings.NO_STAGING, f"{url} is not Let's Encrypt's")
    return STAGING if staging else url


def rehearsal(acme: dict[str, Any] | None) -> list[str]:
    """Options for a dry run of all lineages: certbot asks Let's Encrypt's staging server unless it is told another."""
    return ["--server", acme["server"]] if acme is not None and _LETSENCRYPT not in acme["server"] else []


@contextlib.contextmanager
def options(acme: dict[str, Any], url: str) -> Iterator[list[str]]:
    """Options for the account at a server; a file with secrets that they name exists as long as the context."""
    given = ["--agree-tos", "--server", url]
    given += ["-m", acme["email"], "--no-eff-email"] if acme["email"] else ["--register-unsafely-without-email"]
    if acme["eab"] is None:
        yield given
        return
    with _secrets(acme["eab"]) as path:
        yield [*given, "-c", path]


@contextlib.contextmanager
def _secrets(eab: dict[str, Any]) -> Iterator[str]:
    try:
        key = Path(eab["hmacKeyFile"]).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise Refusal(findings.NO_EAB, f"{eab['hmacKeyFile']}: {reason}") from error
    if not key or not key.isprintable() or " " in key:
        raise Refusal(findings.NO_EAB, f"{eab['hmacKeyFile']}: it does not hold one key and nothing else")
    with tempfile.NamedTemporaryFile("w", prefix="egc-", suffix=".ini", encoding="ascii") as stream:  # mode 0600
        stream.write(f"eab-kid = {eab['kid']}\neab-hmac-key = {key}\n")
        stream.flush()
        yield os.fspath(stream.name)
