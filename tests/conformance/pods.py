"""A Pod of the node: it waits for its volumes, starts its process in a network of its own, and serves."""

import collections
import contextlib
import datetime
import enum
import subprocess
import threading
import time
from pathlib import Path

from tests.conformance import containers, network
from tests.conformance.objects import Object
from tests.conformance.unsupported import UnsupportedError

_LISTENS, _UNCONNECTED = "0A", "07"
"""The states of a TCP socket that accepts and of a UDP socket that takes from anyone, in /proc."""

_PATIENCE = 60.0
_LINES = 20_000


class State(enum.Enum):
    """How far a Pod has come."""

    WAITING = enum.auto()
    STARTING = enum.auto()
    READY = enum.auto()
    FAILED = enum.auto()


class Process:
    """A process in a network namespace of its own, and what it says. It is started at once, by a thread."""

    def __init__(self, command: containers.Command, links: network.Network) -> None:
        self.command = command
        self.address = ""
        self.trouble = ""
        self._links = links
        self._said: collections.deque[tuple[datetime.datetime, bytes]] = collections.deque(maxlen=_LINES)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False
        # The thread lives in the namespace too, and reads what the process says until it ends.
        self._thread = threading.Thread(target=self._run, name=command.arguments[0], daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """False once it has ended; `trouble` then says why, unless it was told to."""
        return self._thread.is_alive()

    def serves(self) -> bool:
        """Whether it listens at all its ports."""
        process = self._process
        return process is not None and self.command.ports <= _listening(process.pid)

    def said(self, since: datetime.datetime | None = None) -> bytes:
        """Its standard output and standard error, of the last lines only, and from a time on."""
        return b"".join(line for at, line in list(self._said) if since is None or at >= since)

    def end(self) -> None:
        """Kill it."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self.address = self._links.enter()
            with self._lock:
                if self._ended:
                    return
                self._process = subprocess.Popen(
                    self.command.arguments,
                    env=self.command.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # an interrupt from the terminal is not for it
                )
            with self._process as process:
                for line in process.stdout or ():
                    self._said.append((datetime.datetime.now(datetime.UTC), line))
            if not self._ended:
                self.trouble = f"ended with {process.returncode}: {self.said().decode(errors='replace')[-2000:]}"
        except Exception as error:  # noqa: BLE001 - a thread's errors are told by who looks at it
            self.trouble = f"did not start: {error!r}"


class Pod:
    """A Pod object that is bound to the node, and its process."""

    def __init__(self, item: Object, folder: Path) -> None:
        self.item = item
        self.state = State.WAITING
        self.why = "not looked at yet"
        """What it waits for, or why it failed."""
        self.process: Process | None = None
        self._volumes = folder / item["metadata"]["uid"]
        self._deadline = float("inf")

    def advance(self, sources: list[Object], programs: Path, links: network.Network) -> State:
        """Go on as far as it can without waiting, with the Secrets and ConfigMaps that there are; the state now."""
        if self.state is State.WAITING:
            self._start(sources, programs, links)
        elif self.process is not None and not self.process.is_running:
            self._fail(self.process.trouble)
        elif self.process is not None and self.state is State.STARTING:
            if self.process.serves():
                self.state, self.why = State.READY, ""
            elif time.monotonic() > self._deadline:
                self._fail(f"does not listen at all of {sorted(self.process.command.ports)}")
        return self.state

    def end(self) -> None:
        """Kill its process."""
        if self.process is not None:
            self.process.end()

    def status(self) -> Object:
        """The status of the Pod object in its state."""
        before = self.item.get("status", {})
        if self.process is None or self.state is not State.READY:
            phase = "Failed" if self.state is State.FAILED else "Pending"
            return {**before, "phase": phase, "message": self.why, "conditions": []}
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        types = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        container = self.item["spec"]["containers"][0]
        running = {"ready": True, "started": True, "restartCount": 0, "state": {"running": {"startedAt": now}}}
        address = self.process.address
        return {
            **before,
            "phase": "Running",
            "message": "",
            "conditions": [{"type": name, "status": "True", "lastTransitionTime": now} for name in types],
            "hostIP": network.HOST,
            "hostIPs": [{"ip": network.HOST}],
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": now,
            "containerStatuses": [{**running, **{key: container[key] for key in ("name", "image")}, "imageID": ""}],
        }

    def _start(self, sources: list[Object], programs: Path, links: network.Network) -> None:
        try:
            containers.write(self.item, sources, self._volumes)
            command = containers.command(self.item, self._volumes, programs)
        except containers.MissingError as error:
            self.why = f"waits for {error}"
        except UnsupportedError as error:
            self._fail(f"unsupported: {error}")
        else:
            self.state, self.why = State.STARTING, "starts"
            self._deadline = time.monotonic() + _PATIENCE
            self.process = Process(command, links)

    def _fail(self, why: str) -> None:
        self.state, self.why = State.FAILED, why
        self.end()


def _listening(pid: int) -> set[containers.Port]:
    """Where any process listens that shares the network namespace of *pid*."""
    found = set()
    for protocol, state in (("tcp", _LISTENS), ("udp", _UNCONNECTED)):
        for name in (protocol, f"{protocol}6"):
            with contextlib.suppress(OSError):  # the process may be gone, or the kernel without IPv6
                lines = Path(f"/proc/{pid}/net/{name}").read_text(encoding="ascii").splitlines()[1:]
                fields = [line.split() for line in lines]
                found |= {(protocol, int(one[1].rpartition(":")[2], 16)) for one in fields if one[3] == state}
    return found
