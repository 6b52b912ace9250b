"""What a site needs of the network: its backends, and a way in."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from egc_host.bundle import Backend
from egc_host.doctor.subject import Subject, Unseen
from egc_host.findings import Finding, Refusal
from egc_host.findings import doctor as findings
from egc_host.releases.commands import present, run

PATIENCE = 5.0
"""Seconds that all backends together may take to answer."""
UFW, FIREWALLD = Path("/etc/ufw/ufw.conf"), Path("/run/firewalld")


def backends(subject: Subject) -> Iterator[Finding]:
    """Whether each backend's name resolves and it accepts connections. All are asked at once."""
    if subject.contained:
        if subject.bundle.backends:
            raise Unseen("the backends, which are in the network of the containers")
        return
    wanted = sorted(set(subject.bundle.backends), key=lambda backend: (backend.cluster, backend.host, backend.port))
    answers: dict[Backend, Finding | None] = {}

    def ask(backend: Backend) -> None:
        answers[backend] = _ask(backend)

    # Daemons: a resolver that never answers must not keep the program from ending.
    threads = [threading.Thread(target=ask, args=(backend,), daemon=True) for backend in wanted]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    for backend in wanted:
        found = answers[backend] if backend in answers else _silent(backend)
        if found is not None:
            yield found


def firewall(subject: Subject) -> Iterator[Finding]:
    """Whether there is a firewall that clients must pass, and how to look."""
    open_to_all = [one for one in subject.bundle.listeners if not _is_loopback(one.address)]
    outside = sorted({(one.published or one.port, one.protocol) for one in open_to_all})
    if not outside:
        return
    told = ", ".join(f"{port}/{protocol}" for port, protocol in outside)
    if _ufw_enabled():
        yield Finding(findings.FIREWALL, f"ufw is enabled; clients need {told}", "look with ufw status")
    if FIREWALLD.is_dir():
        yield Finding(findings.FIREWALL, f"firewalld runs; clients need {told}", "look with firewall-cmd --list-all")
    if os.geteuid() == 0 and present("nft") and _nft_drops():
        help = "look with nft list ruleset"
        yield Finding(findings.FIREWALL, f"nftables drops what it does not know; clients need {told}", help)


def _ask(backend: Backend) -> Finding | None:
    try:
        if backend.path:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(backend.path)
        else:
            socket.create_connection((backend.host, backend.port), PATIENCE).close()
    except socket.gaierror as error:
        return Finding(findings.DNS, f"{backend.cluster}: {backend.host}: {error.strerror}")
    except (OSError, UnicodeError) as error:
        return Finding(
            findings.BACKEND, f"{backend.cluster}: {_place(backend)}: {getattr(error, 'strerror', None) or error}"
        )
    return None


def _silent(backend: Backend) -> Finding:
    """What it means that a backend gave neither answer nor error."""
    if backend.path or _is_address(backend.host):
        return Finding(findings.BACKEND, f"{backend.cluster}: {_place(backend)}: no answer within {PATIENCE:g} s")
    return Finding(findings.DNS, f"{backend.cluster}: {backend.host}: no answer within {PATIENCE:g} s")


def _place(backend: Backend) -> str:
    return backend.path or f"{backend.host} port {backend.port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


def _ufw_enabled() -> bool:
    try:
        lines = UFW.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return "enabled=yes" in (line.strip().lower() for line in lines)


def _nft_drops() -> bool:
    try:
        rules = run("nft", "list", "ruleset")
    except Refusal:
        return False
    return any("hook input" in line and "policy drop" in line for line in rules.splitlines())
