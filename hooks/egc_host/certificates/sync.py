"""What the timer runs: publish what the hooks did not, have it taken up, and say what needs a hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from egc_host.certificates import metrics
from egc_host.certificates.deploy import transfer
from egc_host.certificates.notes import Notes
from egc_host.certificates.post import post
from egc_host.certificates.survey import survey
from egc_host.findings import Finding, Refusal
from egc_host.findings import certificates as findings
from egc_host.terminal import explained, say, tell

if TYPE_CHECKING:
    from pathlib import Path

    from egc_host.bundle import Bundle, Lineage


def sync(bundle: Bundle, certbot: Path) -> bool:
    """Bring Envoy's certificates up to certbot's, as often as one likes; says whether all is in order.

    *certbot* is certbot's configuration folder. What a hook left undone is mended here, and still is not in order: it
    is told once.
    """
    found = [finding for lineage in bundle.lineages for finding in _mend(bundle, lineage, certbot)]
    if bundle.reload == "hot-restart":
        _mark_stale(bundle, certbot)
    if Notes(bundle.state).marked():
        found += post(bundle)
    rows = survey(bundle, certbot)
    told = {str(finding) for finding in found}
    found += [finding for row in rows for finding in row.findings if str(finding) not in told]
    found += _certbot(bundle)
    good = not any(finding.fatal for finding in found)
    try:
        metrics.write(bundle.textfile, rows, success=good)
    except OSError as error:
        found.append(Finding(findings.NO_METRICS, f"{bundle.textfile}: {error.strerror or error}"))
        good = False
    for finding in found:
        tell(finding)
    return good


def _mend(bundle: Bundle, lineage: Lineage, certbot: Path) -> list[Finding]:
    """Publish the lineage if certbot has another pair than what is published."""
    notes = Notes(bundle.state)
    found = []
    try:
        with notes.publishing():
            if not (certbot / "live" / lineage.name).is_dir():
                notes.done(lineage.name)
                return []
            failure = notes.failure(lineage.name)
            if failure is not None:
                at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(failure[0]))
                found.append(Finding(findings.HOOK_FAILED, f"{lineage.name}: deploy hook failed at {at}: {failure[1]}"))
            done = transfer(bundle, lineage, certbot)
            notes.done(lineage.name)
        if done is not None:
            say(f"{lineage.name}: {done}")
            if failure is None:
                found.append(Finding(findings.BEHIND, f"{lineage.name}: certbot's certificate had not been published"))
    except Refusal as refusal:
        found.append(refusal.finding)
    except OSError as error:
        found.append(Finding(findings.NOT_PUBLISHED, f"{lineage.name}: {explained(error)}"))
    return found


def _mark_stale(bundle: Bundle, certbot: Path) -> None:
    """Mark the lineages of which Envoy still serves an older generation: somebody published and did not reload."""
    notes = Notes(bundle.state)
    for row in survey(bundle, certbot):
        if row.stale:
            with notes.publishing():
                notes.mark(row.name)


def _certbot(bundle: Bundle) -> list[Finding]:
    """What certbot failed at that is no hostname of a lineage."""
    hostnames = {hostname for lineage in bundle.lineages for hostname in lineage.hostnames}
    failed = Notes(bundle.state).failed_renewals()
    return [
        Finding(findings.RENEWAL_FAILED, f"certbot could not renew {what}") for what in failed if what not in hostnames
    ]
