"""Who listens where, by /proc and by trying."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from egc_host.bundle import Listener
from egc_host.findings import Finding
from egc_host.findings import reload as findings

_LISTEN = {"tcp": "0A", "udp": "07"}


class Open(NamedTuple):
    """A socket that takes connections or datagrams."""

    protocol: str
    address: str
    port: int
    uid: int
    inode: str


def listening() -> list[Open]:
    """All of this network namespace. (A unit may see nothing of /proc but its processes.)"""
    found = []
    for protocol, state in _LISTEN.items():
        for table in (protocol, f"{protocol}6"):
            try:
                lines = Path("/proc/self/net", table).read_text().splitlines()[1:]
            except OSError:
                continue
            for fields in map(str.split, lines):
                if fields[3] == state:
                    host, _, port = fields[1].partition(":")
                    found.append(Open(protocol, _address(host), int(port, 16), int(fields[7]), fields[9]))
    return found


def inodes(pid: int) -> set[str] | None:
    """The sockets of a process, none if it is gone; None if they may not be known."""
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - this runs over every process
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115 - likewise
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except (FileNotFoundError, ProcessLookupError):
        return set()
    except OSError:
        return None
    return found


def listens(pid: int) -> bool:
    """Whether a process holds a listening TCP socket; so too if it cannot be known."""
    held = inodes(pid)
    return held is None or any(one.protocol == "tcp" and one.inode in held for one in listening())


def spread(pid: int) -> bool:
    """Whether a process holds an address more than once, one socket for each worker; so too if it cannot be known."""
    held = inodes(pid)
    if held is None:
        return True
    places = [(one.protocol, one.address, one.port) for one in listening() if one.inode in held]
    return len(places) > len(set(places))


def holder(inode: str) -> str:
    """Who holds a socket, as a phrase; empty if it cannot be known."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - as above
        if name.isdigit() and inode in (inodes(int(name)) or ()):
            try:
                program = Path("/proc", name, "comm").read_text().strip()
            except OSError:
                program = "?"
            return f"{program}, process {name}"
    return ""


def problems(listeners: Iterable[Listener], ours: Iterable[int], *, capable: bool) -> list[Finding]:
    """Why Envoy could not listen. ``ours``: running Envoys. ``capable``: its executable has capabilities of its own."""
    everything = listening()
    own: set[str] = set()
    for pid in ours:
        held = inodes(pid)
        # Where our own may not be looked into, as with an Envoy that has capabilities, whatever our user holds is ours.
        own |= {one.inode for one in everything if one.uid == os.geteuid()} if held is None else held
    found = []
    for listener in listeners:
        if listener.port and not listener.address.startswith(("/", "@")):
            problem = _problem(listener, everything, own, capable=capable)
            if problem is not None:
                found.append(problem)
    return found


def _problem(listener: Listener, everything: list[Open], own: set[str], *, capable: bool) -> Finding | None:
    held = [
        one
        for one in everything
        if (one.protocol, one.port) == (listener.protocol, listener.port) and _overlap(one.address, listener.address)
    ]
    place = f"{listener.protocol} port {listener.port} of {listener.address}"
    strangers = [one for one in held if one.inode not in own]
    if strangers:
        who = holder(strangers[0].inode) or f"a process of user {strangers[0].uid}"
        return Finding(findings.PORT_TAKEN, f"{place} is taken by {who}")
    if held:
        return None
    code = _try(listener)
    if code == errno.EADDRINUSE:
        return Finding(findings.PORT_TAKEN, f"{place} is taken by another process")
    if code == errno.EACCES and not capable:
        return Finding(findings.PRIVILEGED_PORT, f"{place} may not be opened by user {os.geteuid()}")
    if code == errno.EADDRNOTAVAIL:
        return Finding(findings.ADDRESS_MISSING, f"{listener.address} is not an address of this host")
    return None


def _try(listener: Listener) -> int:
    """Bind and let go: a TCP socket that does not listen takes nothing away."""
    family = socket.AF_INET6 if ":" in listener.address else socket.AF_INET
    kind = socket.SOCK_STREAM if listener.protocol == "tcp" else socket.SOCK_DGRAM
    try:
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((listener.address, listener.port))
    except OSError as error:
        return error.errno or 0
    return 0


def _overlap(one: str, other: str) -> bool:
    any_address = ("0.0.0.0", "::")  # noqa: S104 - it is compared, not bound
    return (":" in one) == (":" in other) and (one == other or one in any_address or other in any_address)


def _address(text: str) -> str:
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)  # the kernel prints words of the machine's own byte order
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)
