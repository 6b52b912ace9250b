"""The table of certificates: what is on disk, what is served, and how long it lasts."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from egc_host.certificates.survey import DAY, soon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from egc_host.certificates.survey import Row

_GREEN, _YELLOW, _RED, _PLAIN = "\033[32m", "\033[33m", "\033[31m", "\033[0m"
_HEAD = ("LINEAGE", "NAMES", "ISSUER", "EXPIRES", "ON DISK", "SERVED")
_SERIAL = 12
"""Digits of a serial that are shown; --json has all."""


def table(rows: Sequence[Row], *, colour: bool) -> str:
    """The rows for people."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = []
    for number, line in enumerate(cells):
        padded = [cell.ljust(width) for cell, width in zip(line, widths)]
        if colour and number:
            padded[3] = f"{_shade(rows[number - 1])}{padded[3]}{_PLAIN}"
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """The rows for programs. Times are in seconds since the epoch."""
    return json.dumps([_object(row) for row in rows], indent=2)


def _cells(row: Row) -> tuple[str, ...]:
    certificate = row.certificate
    if certificate is None:
        return row.name, "-", "-", "-", "unreadable", _served(row)
    issuer = "placeholder" if certificate.placeholder else certificate.issuer
    disk = certificate.serial[-_SERIAL:].lower()
    return row.name, ",".join(certificate.names), issuer, _expiry(certificate.not_after), disk, _served(row)


def _served(row: Row) -> str:
    if row.matches is None:
        return "-"
    return "same" if row.matches else ",".join(seen.serial[-_SERIAL:].lower() for seen in row.presented)


def _expiry(not_after: int) -> str:
    days = int((not_after - time.time()) // DAY)
    when = time.strftime("%Y-%m-%d", time.gmtime(not_after))
    left = "1 day" if days == 1 else f"{days} days"
    return f"{when} ({left})" if days >= 0 else f"{when} (expired)"


def _shade(row: Row) -> str:
    if row.certificate is None or row.certificate.not_after < time.time():
        return _RED
    return _YELLOW if row.certificate.placeholder or soon(row.certificate) else _GREEN


def _object(row: Row) -> dict[str, Any]:
    certificate = row.certificate
    return {
        "lineage": row.name,
        "chain": str(row.chain),
        "hostnames": list(row.lineage.hostnames) if row.lineage else [],
        "certificate": certificate
        and {
            "names": list(certificate.names),
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "serial": certificate.serial,
            "notBefore": certificate.not_before,
            "notAfter": certificate.not_after,
            "fingerprint": certificate.fingerprint,
            "placeholder": certificate.placeholder,
        },
        "published": row.published and int(row.published),
        "served": [seen.serial for seen in row.presented],
        "servedMatches": row.matches,
        "findings": [{"code": finding.kind.code, "message": finding.message} for finding in row.findings],
    }
