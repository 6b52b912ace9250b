"""Every check, and those without which a first start is in vain."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Callable

from egc_host.doctor import configuration, network, programs, system
from egc_host.doctor.subject import Subject, Unseen
from egc_host.findings import Finding
from egc_host.findings import doctor as findings
from egc_host.releases.places import Places
from egc_host.releases.service import service_of

Check = Callable[[Subject], Iterable[Finding]]

BEFORE_START: tuple[Check, ...] = (
    programs.python,
    system.user,
    system.capabilities,
    system.disk,
    configuration.configuration,
    configuration.listeners,
)
ALL: tuple[Check, ...] = (
    *BEFORE_START,
    programs.certbot,
    programs.enabled_timers,
    system.open_files,
    system.inotify,
    system.memory,
    system.migration,
    system.clock,
    network.firewall,
    network.backends,
)


def examine(places: Places, checks: Iterable[Check] = ALL) -> list[Finding]:
    """What the checks find, and what they could not look at."""
    subject = Subject(places, service_of(places).status())
    return list(dict.fromkeys(finding for check in checks for finding in _run(check, subject)))


def _run(check: Check, subject: Subject) -> list[Finding]:
    try:
        return list(check(subject))
    except Unseen as unseen:
        return [_unseen(str(unseen))]
    except OSError as error:
        return [_unseen(f"{error.filename or check.__name__}: {error.strerror or error}")]


def _unseen(what: str) -> Finding:
    # To tell root to be root is no help.
    return Finding(findings.UNSEEN, what, "" if os.geteuid() else "look at it by hand")


def before_start(places: Places) -> list[Finding]:
    """What would keep a site from its first start, and what is worth knowing then."""
    return examine(places, BEFORE_START)
