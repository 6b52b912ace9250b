"""What certbot's deploy hook does: publish what certbot renewed, if Envoy could serve it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from egc_host.certificates import lineage as lineages
from egc_host.certificates import x509
from egc_host.certificates.notes import Notes
from egc_host.certificates.pair import problems
from egc_host.certificates.placeholder import readers
from egc_host.findings import Finding, Refusal
from egc_host.findings import certificates as findings
from egc_host.terminal import explained, say, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from egc_host.bundle import Bundle, Lineage

_FORBIDDING = (findings.EXPIRED, findings.NOT_YET_VALID)


def deploy(bundle: Bundle, certbot: Path, renewed: str) -> None:
    """Publish the lineage whose folder in certbot's *certbot*/live is *renewed*; Refusal if it must not be."""
    name = _name(certbot / "live", renewed)
    wanted = next((lineage for lineage in bundle.lineages if lineage.name == name), None)
    if wanted is None:
        say(f"{name}: is not served here")
        return
    notes = Notes(bundle.state)
    with told(name), notes.publishing():
        notes.begin(name)
        try:
            done = transfer(bundle, wanted, certbot)
        except OSError as error:
            notes.fail(name, explained(error))
            raise
        except Refusal as refusal:
            notes.fail(name, str(refusal))
            raise
        notes.done(name)
    say(f"{name}: {done or 'is published already'}")


def transfer(bundle: Bundle, wanted: Lineage, certbot: Path) -> str | None:
    """Publish what certbot has if it is not what is published; says what was done.

    Refusal or OSError if it could not be. The caller holds the lock of publications.
    """
    live, folder = certbot / "live" / wanted.name, bundle.certificates / wanted.name
    pair = (live / lineages.CHAIN).read_bytes(), (live / lineages.KEY).read_bytes()
    if pair == published(folder):
        return None
    notes = Notes(bundle.state)

    def accept(chain: Path, key: Path) -> None:
        _check(wanted, chain, key, folder / lineages.CURRENT / lineages.CHAIN)
        notes.mark(wanted.name)  # first: a hook that is killed now costs one reload too many, not one too few

    generation = lineages.publish(pair, folder, readers(bundle), accept)
    serial = x509.describe(folder / generation / lineages.CHAIN).serial
    return f"published serial {serial} as {generation}"


def published(folder: Path) -> tuple[bytes, bytes] | None:
    """Chain and key that are current in a lineage's folder, if both can be read."""
    try:
        current = folder / lineages.CURRENT
        return (current / lineages.CHAIN).read_bytes(), (current / lineages.KEY).read_bytes()
    except OSError:
        return None


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what the operating system refuses into a Refusal that names the lineage."""
    try:
        yield
    except OSError as error:
        raise Refusal(findings.NOT_PUBLISHED, f"{name}: {explained(error)}") from error


def _name(live: Path, renewed: str) -> str:
    """The name of a lineage by its folder in certbot's folder *live*."""
    folder = Path(renewed)
    direct = folder.is_absolute() and os.path.realpath(folder.parent) == os.path.realpath(live)
    if not direct or folder.is_symlink():
        raise Refusal(findings.FOREIGN, f"RENEWED_LINEAGE is {renewed!r}, which is no folder directly in {live}")
    return lineages.check_name(folder.name)


def _check(wanted: Lineage, chain: Path, key: Path, current: Path) -> None:
    """Refusal if the staged pair must not replace the *current* chain."""
    found = problems(wanted.name, chain, key, wanted.hostnames)
    bad = [finding for finding in found if finding.fatal or finding.kind in _FORBIDDING]
    if not bad and any(finding.kind == findings.NAMES for finding in found):
        bad = _lost(wanted, x509.describe(chain), current)
    if bad:
        raise Refusal(
            findings.NOT_PUBLISHED, "; ".join(finding.message for finding in bad), bad[0].help or bad[0].kind.help
        )
    for finding in found:
        tell(finding)


def _lost(wanted: Lineage, new: x509.Description, current: Path) -> list[Finding]:
    """Hostnames that clients could use so far, and no longer with the new certificate."""
    old = x509.described(current)
    if old is None or old.placeholder:
        return []
    lost = [name for name in wanted.hostnames if old.covers(name) and not new.covers(name)]
    if not lost:
        return []
    return [
        Finding(findings.NAMES, f"{wanted.name}: the new certificate lacks {', '.join(lost)}, which the old one has")
    ]
