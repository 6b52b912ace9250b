"""Whether a certificate and its key are fit to be served."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from egc_host.certificates import x509
from egc_host.findings import Finding
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def problems(name: str, chain: Path, key: Path, hostnames: Iterable[str] = ()) -> list[Finding]:
    """What is wrong with a pair of files that is to serve *hostnames*; *name* says whose it is.

    Errors keep Envoy from using it, warnings keep clients from trusting it.
    """
    found = [finding for path in (chain, key) for finding in _unreadable(name, path)]
    if found:
        return found
    try:
        certificates = x509.certificates(chain)
    except ValueError as error:
        return [Finding(findings.NOT_PEM, f"{name}: {chain}: {error}")]
    return [
        *_mismatch(name, chain, key),
        *_validity(name, certificates[0]),
        *_names(name, certificates[0], hostnames),
        *_order(name, certificates),
    ]


def prepare() -> None:
    """Import what :func:`problems` needs: some of the library's modules come only when they are first used."""
    ssl.cert_time_to_seconds("Jan  1 00:00:00 2000 GMT")


def _unreadable(name: str, path: Path) -> list[Finding]:
    try:
        with path.open("rb"):
            return []
    except FileNotFoundError:
        return [Finding(findings.MISSING, f"{name}: {path} is missing")]
    except OSError as error:
        return [Finding(findings.UNREADABLE, f"{name}: {path} cannot be read: {error.strerror}")]


def _mismatch(name: str, chain: Path, key: Path) -> list[Finding]:
    # Without a password, OpenSSL would ask for one on the terminal.
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=lambda: "")
    except ssl.SSLError as error:
        reason = getattr(error, "reason", None)  # the library's own errors have none
        if reason == "KEY_VALUES_MISMATCH":
            return [Finding(findings.MISMATCH, f"{name}: {key} is not the key of {chain}")]
        return [Finding(findings.NOT_PEM, f"{name}: {chain} and {key} are no usable pair ({reason or error})")]
    except OSError as error:
        return [Finding(findings.UNREADABLE, f"{name}: {key} cannot be read: {error.strerror}")]
    return []


def _validity(name: str, leaf: x509.Description) -> list[Finding]:
    now = time.time()
    found = []
    if leaf.placeholder:
        found.append(Finding(findings.PLACEHOLDER, f"{name}: a placeholder is served until the first issuance"))
    if now > leaf.not_after:
        found.append(Finding(findings.EXPIRED, f"{name}: certificate expired on {_day(leaf.not_after)}"))
    if now < leaf.not_before:
        found.append(
            Finding(findings.NOT_YET_VALID, f"{name}: certificate is not valid before {_day(leaf.not_before)}")
        )
    return found


def _names(name: str, leaf: x509.Description, hostnames: Iterable[str]) -> list[Finding]:
    lacking = [hostname for hostname in hostnames if not leaf.covers(hostname)]
    if not lacking:
        return []
    return [Finding(findings.NAMES, f"{name}: certificate is not valid for {', '.join(lacking)}")]


def _order(name: str, chain: list[x509.Description]) -> list[Finding]:
    for below, above in zip(chain, chain[1:]):
        if below.issuer != above.subject:
            return [
                Finding(
                    findings.CHAIN, f"{name}: {above.subject} follows in the chain, but did not issue {below.subject}"
                )
            ]
    leaf = chain[0]
    if len(chain) == 1 and leaf.subject != leaf.issuer:
        return [Finding(findings.CHAIN, f"{name}: chain lacks the certificate of {leaf.issuer}")]
    return []


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
