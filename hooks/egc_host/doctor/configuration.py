"""What a start or a reload would find: Envoy, its configuration, certificates, sockets and ports."""

from __future__ import annotations

from collections.abc import Iterator

from egc_host.certificates import pair
from egc_host.doctor.subject import Subject, Unseen, as_user
from egc_host.findings import Finding
from egc_host.findings import doctor as findings
from egc_host.findings import reload as reasons
from egc_host.findings.certificates import UNREADABLE
from egc_host.located import envoy_of
from egc_host.releases.writing import is_hidden
from egc_host.supervisor import dry, ports

_OWN = (reasons.PORT_TAKEN, reasons.ADDRESS_MISSING, reasons.PRIVILEGED_PORT)
"""What :func:`listeners` looks at, which may see whose a port is, and knows that the unit gives capabilities."""
_OF_THE_UNIT = (reasons.ADMIN, reasons.OPEN_FILES)
"""What systemd gives with a unit: the run folder, and limits."""


def configuration(subject: Subject) -> Iterator[Finding]:
    """All that `egc-envoy check` finds, with the eyes of Envoy's user if the bundle is installed."""
    _see(subject)
    if subject.contained:
        return
    bundle = subject.bundle
    pair.prepare()

    def look() -> list[Finding]:
        return dry.problems(bundle.folder, envoy_of(bundle), bundle.run)

    # A bundle that is not installed may lie where Envoy's user has no business.
    found = as_user(bundle.envoy.user, look) if subject.installed else look()
    given = _OF_THE_UNIT if subject.places.prefix is None else ()
    hidden = is_hidden(bundle.certificates)
    ignored = {kind.code for kind in (*_OWN, *given)}
    for finding in found:
        if hidden and finding.kind.code in (UNREADABLE.code, reasons.INVALID.code):
            continue
        if finding.kind.code == reasons.NO_ENVOY.code and _foreign(finding.message):
            yield Finding(findings.GLIBC, finding.message)
        elif finding.kind.code not in ignored:
            yield finding
    if hidden:
        raise Unseen(f"{bundle.certificates}, the certificates, and what Envoy says of them")


def listeners(subject: Subject) -> Iterator[Finding]:
    """Whether the ports are free, or Envoy's own."""
    _see(subject)
    if not subject.contained:
        capable = subject.places.prefix is None
        yield from ports.problems(subject.bundle.listeners, subject.processes(), capable=capable)


def _see(subject: Subject) -> None:
    if subject.blind:
        raise Unseen(f"{subject.bundle.run}, the supervisor's folder, and what is served")


def _foreign(message: str) -> bool:
    # A program whose loader does not exist is "not found", though it is there: musl has no loader of glibc's.
    return "GLIBC" in message or "No such file" in message
