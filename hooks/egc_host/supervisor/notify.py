"""Tell systemd how the service is: sd_notify(3)."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from egc_host.supervisor.loop import Steps

_PATIENCE = 0.1


class Notifier:
    """The socket of NOTIFY_SOCKET, if there is one. Children do not get to know it."""

    def __init__(self) -> None:
        path = os.environ.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        os.environ.pop("WATCHDOG_PID", None)
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdigit() else 0.0

    def send(self, status: str = "", **fields: int) -> None:
        """Send fields such as READY=1, and a line for `systemctl status`."""
        if not self._address:
            return
        lines = [f"{name}={value}" for name, value in fields.items()]
        if status:
            lines.append("STATUS=" + " ".join(status.split()))
        # systemd not listening, or not reading, is no reason to serve worse.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(_PATIENCE)
            sender.sendto("\n".join(lines).encode(), self._address)

    def reloading(self, status: str) -> None:
        """Say that a reload has begun, in the form that Type=notify-reload wants."""
        self.send(status, RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)

    def watchdog(self) -> Steps[None]:
        """Say that the loop goes round, as often as WATCHDOG_USEC asks for."""
        while self._watchdog:
            self.send(WATCHDOG=1)
            due = time.monotonic() + self._watchdog / 3
            while (left := due - time.monotonic()) > 0:
                yield left
