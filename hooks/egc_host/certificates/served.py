"""What the running Envoy presents, compared with what is published."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from egc_host.certificates import x509
from egc_host.findings import Finding
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from egc_host.bundle import Bundle, Lineage, Listener

TAKEN_UP = 10.0
"""Seconds that Envoy gets to take up a certificate; it needs some 50 ms."""

_TIMEOUT = 2.0
_PAUSE = 0.05
_WILDCARD = "egc-probe"
_EVERYWHERE = {"0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # noqa: S104 - nothing is bound, these are asked
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}


class Clients:
    """A client of each TLS listener of a bundle, on this host. The others would log that it asks nonsense."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._places = places(listener for listener in bundle.listeners if listener.tls)
        self._useless: set[tuple[str, int]] = set()

    def answered(self) -> bool:
        """Whether any listener takes a connection, TLS or not."""
        for place in places(self._bundle.listeners):
            try:
                socket.create_connection(place, _TIMEOUT).close()
            except OSError:
                continue
            return True
        return False

    def presented(self, lineage: Lineage) -> list[x509.Description]:
        """The certificates that listeners present for the first hostname of the lineage that gets one.

        Certificates that belong to another pair of the bundle are left out: two may cover the same name.
        """
        others = fingerprints(
            self._bundle.folder / chain for _, chain, _ in self._bundle.pairs if chain != lineage.chain
        )
        for hostname in lineage.hostnames:
            found = [seen for seen in self._ask(hostname) if seen.fingerprint not in others and seen.covers(hostname)]
            if found:
                return found
        return []

    def _ask(self, hostname: str) -> list[x509.Description]:
        name = _WILDCARD + hostname[1:] if hostname.startswith("*.") else hostname
        found = []
        for place in self._places:
            if place in self._useless:
                continue
            try:
                found.append(x509.served(*place, name, _TIMEOUT))
            except (OSError, ValueError) as error:
                if _hopeless(error):
                    self._useless.add(place)
        return found


def places(listeners: Iterable[Listener]) -> list[tuple[str, int]]:
    """Where a client on this host reaches those of the listeners that take TCP: address and port."""
    return [
        (address, listener.port)
        for listener in listeners
        if listener.protocol == "tcp"
        for address in _EVERYWHERE.get(listener.address, (listener.address,))
    ]


def matches(presented: Iterable[x509.Description], published: Path) -> bool | None:
    """Whether all that is presented is the published chain; None if nothing is presented."""
    own = fingerprints([published])
    seen = {certificate.fingerprint for certificate in presented}
    return seen == own if seen else None


def fingerprints(chains: Iterable[Path]) -> set[str]:
    """The fingerprints of the certificates in these files; one that cannot be read has none."""
    return {described.fingerprint for described in map(x509.described, chains) if described is not None}


def not_taken_up(bundle: Bundle, names: Iterable[str]) -> list[Finding]:
    """A finding for each of the lineages *names* that is still served with another certificate after TAKEN_UP."""
    until = time.monotonic() + TAKEN_UP
    wanted = [lineage for lineage in bundle.lineages if lineage.name in set(names)]
    while True:
        clients = Clients(bundle)
        seen = [(lineage, clients.presented(lineage)) for lineage in wanted]
        found = [other(lineage, shown) for lineage, shown in seen if matches(shown, Path(lineage.chain)) is False]
        if not found or time.monotonic() > until:
            return found
        time.sleep(_PAUSE)


def other(lineage: Lineage, presented: Iterable[x509.Description]) -> Finding:
    """That another certificate is presented than the published one."""
    serials = ", ".join(sorted({certificate.serial for certificate in presented}))
    return Finding(
        findings.NOT_TAKEN_UP, f"{lineage.name}: serial {serials} is served, and it is not the published one"
    )


def _hopeless(error: Exception) -> bool:
    """Whether another hostname would fare no better: nobody is there, or speaks no TLS."""
    if isinstance(error, ssl.SSLError):
        return getattr(error, "reason", None) in _NO_TLS
    return isinstance(error, (ConnectionRefusedError, socket.timeout, ValueError))
