"""One network namespace for each Pod, with an address of its own, on a bridge of the namespace that all else is in."""

import ctypes
import ipaddress
import itertools
import os
import threading
from typing import Self

from pyroute2 import IPRoute

_NETWORK = ipaddress.IPv4Network("10.244.0.0/16")
HOST = str(_NETWORK[1])
"""The address that Pods reach the host at, and the host's processes talk to Pods from."""

_BRIDGE = "pods"
_CLONE_NEWNET = 0x40000000
_LOOPBACK = 1
"""The number that every namespace has its loopback interface by."""


class Network:
    """The bridge, within ``with``, and what is connected to it."""

    def __init__(self) -> None:
        # No address is given twice: what still knows an ended Pod must not meet another one.
        self._numbers = itertools.count(2)
        self._lock = threading.Lock()
        self._bridge = 0

    def __enter__(self) -> Self:
        """Make the bridge; `OSError` and netlink's errors come through."""
        with IPRoute() as links:
            links.link("add", ifname=_BRIDGE, kind="bridge")
            self._bridge = _index(links, _BRIDGE)
            links.addr("add", index=self._bridge, address=HOST, prefixlen=_NETWORK.prefixlen)
            links.link("set", index=self._bridge, state="up")
        return self

    def __exit__(self, *_: object) -> None:
        with IPRoute() as links:
            links.link("del", index=self._bridge)

    def enter(self) -> str:
        """Put the calling thread, and the processes that it starts, into a new namespace; its address.

        The namespace and its link end by themselves, with the thread and those processes.
        """
        with self._lock:
            number = next(self._numbers)
        address, port = str(_NETWORK[number]), f"pod{number}"
        host = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            with IPRoute() as outside:  # a socket stays in the namespace that it was opened in
                _unshare()
                with IPRoute() as inside:
                    peer = {"ifname": port, "net_ns_fd": host}
                    inside.link("add", ifname="eth0", kind="veth", state="up", peer=peer)
                    inside.link("set", index=_LOOPBACK, state="up")
                    inside.addr("add", index=_index(inside, "eth0"), address=address, prefixlen=_NETWORK.prefixlen)
                    inside.route("add", dst="default", gateway=HOST)
                outside.link("set", index=_index(outside, port), master=self._bridge, state="up")
        finally:
            os.close(host)
        return address


def _index(links: IPRoute, name: str) -> int:
    (found,) = links.link_lookup(ifname=name)
    return int(found)


def _unshare() -> None:
    # os.unshare came with Python 3.12.
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
