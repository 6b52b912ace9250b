"""Programs that a site needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from egc_host.certificates.certbot import find
from egc_host.doctor.subject import Subject
from egc_host.findings import Finding, Refusal
from egc_host.findings import doctor as findings
from egc_host.releases.commands import succeeds
from egc_host.releases.units import timers

_OLDEST = (3, 9)


def python(_: Subject) -> Iterator[Finding]:
    """Whether this Python is new enough."""
    if sys.version_info < _OLDEST:
        yield Finding(findings.OLD_PYTHON, f"this is Python {sys.version.split()[0]}")


def certbot(subject: Subject) -> Iterator[Finding]:
    """Whether certbot is there if it has something to do."""
    if subject.contained or all(lineage.certbot is None for lineage in subject.bundle.lineages):
        return
    try:
        find(None)
    except Refusal as refusal:
        yield Finding(findings.CERTBOT, refusal.finding.message)


def enabled_timers(subject: Subject) -> Iterator[Finding]:
    """Whether the timers of an installed site run."""
    places = subject.places
    if places.prefix is not None or places.installed() is None:
        return
    for timer in timers(subject.bundle.folder):
        if not (
            succeeds("systemctl", "is-enabled", "--quiet", timer)
            and succeeds("systemctl", "is-active", "--quiet", timer)
        ):
            yield Finding(findings.TIMER, f"{timer} is not enabled, or not active", f"systemctl enable --now {timer}")
