"""What is answered to a reload, and how findings travel between processes."""

from __future__ import annotations

from typing import Any

from egc_host.findings import Finding, Kind


def packed(found: list[Finding]) -> list[dict[str, str]]:
    """Findings as JSON."""
    return [
        {
            "code": finding.kind.code,
            "severity": finding.kind.severity,
            "title": finding.kind.title,
            "message": finding.message,
            "help": finding.help or finding.kind.help,
        }
        for finding in found
    ]


def unpacked(found: list[dict[str, str]]) -> list[Finding]:
    """Findings from JSON. Explanations are not sent."""
    return [Finding(Kind(one["code"], one["severity"], one["title"], "", one["help"]), one["message"]) for one in found]


def refused(found: list[Finding]) -> dict[str, Any]:
    """The verdict of a reload that was not done, for the first fatal finding; there must be one."""
    first = next(finding for finding in found if finding.fatal)
    return {
        "ok": False,
        "code": first.kind.code,
        "message": first.message,
        "help": first.help or first.kind.help,
        "findings": packed(found),
        "changed": False,
    }


def done(message: str, found: list[Finding], *, changed: bool) -> dict[str, Any]:
    """The verdict of a reload that was done, warnings included."""
    return {
        "ok": True,
        "code": None,
        "message": message,
        "help": "",
        "findings": packed(found),
        "changed": changed,
    }
