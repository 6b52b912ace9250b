"""A supervisor under test: run from the repository, asked over HTTP and over its control socket."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from egc_host.supervisor import client

from tests.host.bundles import Layout, make_bundle, write_manifest

HOOKS = Path(__file__).parents[2] / "hooks"
PROGRAM = (
    *(sys.executable, "-IS", "-c"),
    f"import sys; sys.path.insert(0, {os.fspath(HOOKS)!r});from egc_host.supervisor.main import main; sys.exit(main())",
)
"""As in a bundle, where it is one file: nothing but the standard library."""

PATIENCE = 30.0


class Supervised:
    """The supervisor of a layout, serving what ``bundle`` links to. Started and stopped by ``with``."""

    def __init__(self, layout: Layout, *options: str, env: dict[str, str] | None = None) -> None:
        self.layout = layout
        self.log = layout.root / "log"
        self._options = options
        self._env = env or {}
        self._link = layout.root / "current"
        self.process: subprocess.Popen[bytes] = self._none()

    @staticmethod
    def _none() -> subprocess.Popen[bytes]:
        done = subprocess.Popen(["true"])
        done.wait()
        return done

    def offer(self, bundle: Path) -> Path:
        """Let the link lead to a bundle."""
        spare = self._link.with_name("spare")
        spare.symlink_to(bundle)
        spare.replace(self._link)
        return bundle

    def start(self, *wrapper: str, program: Sequence[str] = PROGRAM) -> None:
        """Start it, and do not wait."""
        argv = [*wrapper, *program, "run", str(self._link), *self._options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, env={**os.environ, **self._env})

    def __enter__(self) -> Self:
        if not self._link.is_symlink():
            self.offer(make_bundle(self.layout))
        self.start()
        self.until(lambda: self.state() == "serving")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        if error is not None:
            error.add_note(self.logged()[-5000:])
        for left in Path("/dev/shm").glob(f"*envoy_*{self.layout.http}*"):  # of those that were killed
            left.unlink(missing_ok=True)

    def logged(self) -> str:
        """What it and Envoy said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of egc-envoy against it."""
        argv = [*PROGRAM, *words, "--run-dir", str(self.layout.run)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)

    def ask(self, **command: Any) -> dict[str, Any]:
        """What it answers to a command."""
        return client.ask(self.layout.run, command, 120)

    def reload(self, bundle: Path | None = None, **options: bool) -> dict[str, Any]:
        """The verdict of a reload, of a bundle if one is given."""
        if bundle is not None:
            self.offer(bundle)
        return self.ask(command="reload", **options)

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return self.ask(command="status")

    def state(self) -> str:
        """Its state; "gone" if it does not answer."""
        try:
            return str(self.status()["state"])
        except client.NotRunning:
            return "gone"

    def get(self, port: int | None = None) -> str:
        """What Envoy answers, without a line's end; OSError if it does not."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.layout.http}/version", timeout=5) as answer:
            return str(answer.read().decode()).strip()

    def until(self, condition: Callable[[], object], *, running: bool = True) -> None:
        """Wait for a condition; fail with the log if it does not come, or the supervisor ends before."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            ended = running and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"status {self.process.poll()}\n{self.logged()[-5000:]}")
            time.sleep(0.01)

    def drained(self) -> None:
        """Wait until only one Envoy is left."""
        self.until(lambda: not self.status()["draining"])

    def envoys(self) -> list[int]:
        """The Envoys that run under it now, without those that only validate."""
        return [pid for pid in children(self.process.pid) if "--restart-epoch" in arguments(pid)]

    @contextlib.contextmanager
    def requests(self) -> Iterator["Probe"]:
        """Ask all the while, each time with a new connection, and count."""
        probe = Probe(self)
        probe.start()
        try:
            yield probe
        finally:
            probe.ended.set()
            probe.join()


class Probe(threading.Thread):
    """Asks until ``ended``. ``outages`` are the pauses between answers in which requests failed, in seconds."""

    def __init__(self, site: Supervised) -> None:
        super().__init__()
        self.ended = threading.Event()
        self.answers: dict[str, int] = {}
        self.failures: list[str] = []
        self.outages: list[float] = []
        self._site = site

    def run(self) -> None:
        """Until ended."""
        good, failing = time.monotonic(), False
        while not self.ended.is_set():
            try:
                answer = self._site.get()
            except OSError as error:
                self.failures.append(str(error))
                failing = True
                time.sleep(0.002)
                continue
            self.answers[answer] = self.answers.get(answer, 0) + 1
            now = time.monotonic()
            if failing:
                self.outages.append(now - good)
            good, failing = now, False
            time.sleep(0.005)

    def more(self, count: int = 3) -> None:
        """Wait for so many further answers."""
        total = sum(self.answers.values()) + count
        self._site.until(lambda: sum(self.answers.values()) >= total)


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def edit(bundle: Path, name: str, change: Callable[[Any], Any]) -> Path:
    """Change a JSON file of a bundle, and the manifest with it; returns the bundle."""
    data = json.loads((bundle / name).read_text())
    change(data)
    manifest = json.loads((bundle / "manifest.json").read_text())
    files = {path: (bundle / path).read_bytes() for path in manifest["files"]}
    files[name] = json.dumps(data).encode()
    write_manifest(bundle, files)
    return bundle
