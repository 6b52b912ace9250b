"""Every certificate of a bundle: what it says, how long it lasts, and whether it is the one that is served."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from egc_host.certificates import x509
from egc_host.certificates.lineage import CHAIN, CURRENT
from egc_host.certificates.notes import Notes
from egc_host.certificates.pair import problems
from egc_host.certificates.served import Clients, fingerprints, matches, other
from egc_host.findings import Finding
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from egc_host.bundle import Bundle, Lineage

DAY = 86400
_LONGEST_NOTICE = 21 * DAY
"""certbot before 4.0 renews 30 days before the end, later ones when a third of the lifetime is left."""


@dataclass(frozen=True)
class Row:
    """A pair that Envoy reads. ``lineage`` is None for one that certbot does not keep."""

    name: str
    chain: Path
    lineage: Lineage | None
    certificate: x509.Description | None
    """What is published; None if it cannot be read."""
    presented: tuple[x509.Description, ...]
    matches: bool | None
    """Whether what is presented is what is published; None if nothing is presented."""
    published: float | None
    """When it was published, in seconds since the epoch."""
    findings: tuple[Finding, ...]
    """All that is wrong with it."""

    @property
    def stale(self) -> bool:
        """Whether an older generation of the same lineage is still presented."""
        if self.lineage is None or self.matches is not False:
            return False
        older = fingerprints(self.chain.parents[1].glob(f"gen-*/{CHAIN}"))
        return any(seen.fingerprint in older for seen in self.presented)


def survey(bundle: Bundle, certbot: Path) -> list[Row]:
    """A row for each pair, the lineages first; *certbot* is certbot's configuration folder."""
    clients = Clients(bundle)
    chains = {lineage.chain for lineage in bundle.lineages}
    return [
        *(_lineage(bundle, lineage, clients, certbot) for lineage in bundle.lineages),
        *(_file(bundle, *pair) for pair in bundle.pairs if pair[1] not in chains),
    ]


def soon(certificate: x509.Description) -> bool:
    """Whether it should have been renewed by now: a quarter of its lifetime is left, or three weeks."""
    lifetime = certificate.not_after - certificate.not_before
    return certificate.not_after - time.time() < min(lifetime / 4, _LONGEST_NOTICE)


def _lineage(bundle: Bundle, lineage: Lineage, clients: Clients, certbot: Path) -> Row:
    chain = Path(lineage.chain)
    certificate = x509.described(chain)
    presented = clients.presented(lineage)
    same = matches(presented, chain)
    found = problems(lineage.name, chain, Path(lineage.key), lineage.hostnames)
    if certificate is not None:
        found += _lasting(lineage.name, certificate)
        found += _kept(lineage, certificate, certbot)
        found += _renewed(bundle, lineage, certificate)
    if same is False:
        found.append(other(lineage, presented))
    elif same is None and clients.answered():
        found.append(Finding(findings.NOT_PRESENTED, f"{lineage.name}: no listener presents a certificate for it"))
    link = bundle.certificates / lineage.name / CURRENT
    published = link.lstat().st_mtime if link.is_symlink() else None
    return Row(lineage.name, chain, lineage, certificate, tuple(presented), same, published, tuple(found))


def _file(bundle: Bundle, name: str, chain: str, key: str) -> Row:
    path = bundle.folder / chain
    certificate = x509.described(path)
    found = problems(name, path, bundle.folder / key)
    if certificate is not None:
        found += _lasting(name, certificate)
    return Row(name, path, None, certificate, (), None, None, tuple(found))


def _lasting(name: str, certificate: x509.Description) -> list[Finding]:
    if certificate.placeholder:
        if time.time() - certificate.not_before < DAY:
            return []
        return [Finding(findings.STILL_PLACEHOLDER, f"{name}: nothing was issued for more than a day")]
    if not soon(certificate):
        return []
    days = (certificate.not_after - time.time()) / DAY
    return [Finding(findings.EXPIRES_SOON, f"{name}: certificate was not renewed and ends in {days:.1f} days")]


def _kept(lineage: Lineage, certificate: x509.Description, certbot: Path) -> list[Finding]:
    if certificate.placeholder or lineage.certbot is None:
        return []
    live = certbot / "live" / lineage.name
    try:
        live.stat()
    except FileNotFoundError:
        return [Finding(findings.NOT_KEPT, f"{lineage.name}: there is no {live}")]
    except OSError:  # only root can tell
        pass
    return []


def _renewed(bundle: Bundle, lineage: Lineage, certificate: x509.Description) -> list[Finding]:
    failed = Notes(bundle.state).failed_renewals()
    names = [name for name in lineage.hostnames if failed.get(name, 0) > certificate.not_before]
    if not names:
        return []
    return [Finding(findings.RENEWAL_FAILED, f"{lineage.name}: certbot could not renew {', '.join(names)}")]
