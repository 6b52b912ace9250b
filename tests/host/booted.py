"""The systemd of this machine, booted as the first process of namespaces of its own, in a copy of this system."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest

from egc.envoy import binary
from tests.needs import need

T = TypeVar("T")

BOOT = Path(__file__).with_name("boot.sh")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE = 60.0
"""Seconds until a state that does not come is given up."""

_GET = """
import http.client, json, ssl, sys
name, port, path = sys.argv[1:]
if port.endswith("443"):
    connection = http.client.HTTPSConnection(name, int(port), timeout=10, context=ssl._create_unverified_context())
else:
    connection = http.client.HTTPConnection(name, int(port), timeout=10)
connection.request("GET", path)
response = connection.getresponse()
print(json.dumps([response.status, response.read().decode()]))
"""


def lacking() -> str:
    """Why this machine cannot boot another; empty if it can."""
    if os.geteuid() != 0:
        return "systemd is only booted by root"
    group = _control_groups()
    if group is None or not os.access(group, os.W_OK):
        return "no control groups (version 2) that can be written to"
    return "" if Path("/lib/systemd/systemd").exists() else "systemd is missing: apt-get install systemd"


class Machine:
    """A booted system while the context is open. *site* is seen inside as /site, and no port is taken."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        reason = lacking()
        if reason and os.environ.get("CI"):
            pytest.fail(reason)
        if reason:
            pytest.skip(reason)
        for program in ("unshare", "nsenter", "ip"):
            need(program)
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="egc-"))
            group = self._group(Path(folder).name)
            stack.callback(self._leave, group)
            self._boot(folder, group)
            stack.callback(self._end)
            self._first = self.wait(self._child)
            self.wait(lambda: self.asks("systemctl", "is-active", "--quiet", "multi-user.target"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def call(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command inside; it may fail."""
        with self.start(*command) as process:
            output, errors = process.communicate(timeout=2 * _PATIENCE)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command inside."""
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
        enter = ["nsenter", f"--target={self._first}", *spaces, "--", *command]
        clean = {"PATH": PATH, "LANG": "C.UTF-8"}
        return subprocess.Popen(enter, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)

    def run(self, *command: str) -> str:
        """Run a command inside; its output. The test fails if it does."""
        done = self.call(*command)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.journal()}"
        return done.stdout

    def asks(self, *command: str) -> bool:
        """Whether a command succeeds inside."""
        return self.call(*command).returncode == 0

    def wait(self, condition: Callable[[], T], seconds: float = _PATIENCE) -> T:
        """Wait until *condition* says something true; that."""
        deadline = time.monotonic() + seconds
        while not (answer := condition()):
            assert self._process.poll() is None, "systemd has ended"
            assert time.monotonic() < deadline, f"it did not come to pass\n{self.journal()}"
            time.sleep(0.02)
        return answer

    def journal(self, unit: str = "*") -> str:
        """The last messages of a unit, or of all."""
        return self.call("journalctl", "--no-pager", "--output=cat", "--lines=60", f"--unit={unit}").stdout

    def show(self, name: str, unit: str = "egc-envoy.service") -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def status(self) -> dict[str, Any]:
        """What the supervisor says of itself; nothing while it cannot be asked."""
        done = self.call("/opt/egc/site/current/bin/egc-envoy", "status", "--json")
        status: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return status

    def get(self, name: str, port: int, path: str = "/") -> tuple[int, str]:
        """Status and body of an answer. Port 443 and those that end so speak TLS."""
        status, body = json.loads(self.run(*self.getting(name, port, path)))
        return status, body

    @staticmethod
    def getting(name: str, port: int, path: str = "/") -> list[str]:
        """The command that :meth:`get` runs."""
        return ["python3", "-c", _GET, name, str(port), path]

    @staticmethod
    def _group(name: str) -> Path:
        parent = _control_groups()
        assert parent is not None
        group = parent / name
        group.mkdir()
        return group

    def _boot(self, folder: str, group: Path) -> None:
        envoy = binary.find()
        assert envoy is not None
        spaces = ["--mount", "--net", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child"]
        enter = f'echo $$ > "{group}/cgroup.procs"; exec unshare {" ".join(spaces)} sh "$@"'
        command = ["sh", "-ec", enter, "sh", str(BOOT), folder, str(self._site), str(envoy)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def _child(self) -> int:
        """The first process of the new namespace, once it is systemd."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        names = [Path("/proc", child, "comm").read_text().strip() for child in children]
        return int(children[0]) if names == ["systemd"] else 0

    def _end(self) -> None:
        """When the first process of a namespace is killed, all others are."""
        self._process.kill()
        self._process.wait()

    def _leave(self, group: Path) -> None:
        """Remove the control groups, once nobody is in them."""
        deadline = time.monotonic() + _PATIENCE
        while "populated 0" not in (group / "cgroup.events").read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        for path, _, _ in os.walk(group, topdown=False):
            Path(path).rmdir()


def _control_groups() -> Path | None:
    """Where the control groups of version 2 are."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            return Path(fields[4])
    return None
