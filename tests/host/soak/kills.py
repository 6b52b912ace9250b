"""What it costs when a process is killed."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from tests.host.issuing import install_programs
from tests.host.running import Running
from tests.host.soak.row import Case, Row

_RESTART = 0.1
"""Seconds after which systemd starts the service again: RestartSec= of the unit."""
_WORST = 600
"""Milliseconds."""
_WATCHED = 16.0
"""Seconds."""


class _Kept(Running):
    """A supervisor that is started again whenever it ends, as systemd does: the program as it is in a bundle."""

    def __enter__(self) -> Self:
        super().__enter__()
        install_programs(self.layout.root)
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._keeper.join()
        super().__exit__(kind, error, at)

    def _keep(self) -> None:
        while not self._ended.wait(0.005):
            if self.supervised.process.poll() is not None:
                self._ended.wait(_RESTART)
                self.supervised.start(
                    program=(sys.executable, "-IS", os.fspath(self.layout.root / "bin" / "egc-envoy"))
                )


def _deploy(site: Running) -> None:
    site.deploy(f"v{time.monotonic_ns()}")


def _serving(site: Running) -> None:
    os.kill(site.status()["pid"], signal.SIGKILL)


def _new(site: Running) -> None:
    _deploy(site)
    _serving(site)


def _draining(site: Running) -> None:
    _deploy(site)
    os.kill(site.status()["draining"][0]["pid"], signal.SIGKILL)


def _starting(site: Running) -> None:
    known = set(site.supervised.envoys())
    reload = threading.Thread(target=_deploy, args=(site,))
    reload.start()
    while not (new := set(site.supervised.envoys()) - known):
        time.sleep(0.001)
    os.kill(new.pop(), signal.SIGKILL)
    reload.join()


def _supervisor(site: Running) -> None:
    site.supervised.process.kill()


def _kill(act: Callable[[Running], None], worst: float) -> Row:
    """Kill, see how long nobody is answered, and reload once more."""
    row = Row()
    with _Kept(seconds=(3, 4)) as site, site.supervised.requests() as probe:
        probe.more()
        act(site)
        time.sleep(_WATCHED)  # an Envoy that misses its parent aborts 10 s after that should have ended
        site.until(lambda status: status.get("state") == "serving")
        probe.more()
        site.drained()
        row.verdict(site.deploy("last"))
        site.until(lambda _: "last" in probe.answers)
    outage = sum(probe.outages) * 1000
    asked = sum(probe.answers.values()) + len(probe.failures)
    row.measured.append(f"outage {outage:.0f} ms, {len(probe.failures)} of {asked:,} requests failed")
    row.must(outage <= worst, f"outage longer than {worst} ms")
    return row


CASES = (
    Case("kill-serving", f"kill -9 of the serving Envoy: at most {_WORST} ms", partial(_kill, _serving, _WORST)),
    Case("kill-new", f"kill -9 of the new Envoy after a reload: at most {_WORST} ms", partial(_kill, _new, _WORST)),
    Case("kill-starting", "kill -9 of the new Envoy while it starts: nothing", partial(_kill, _starting, 0)),
    Case("kill-draining", "kill -9 of the draining Envoy: nothing", partial(_kill, _draining, 0)),
    Case("kill-supervisor", f"kill -9 of the supervisor: at most {_WORST} ms", partial(_kill, _supervisor, _WORST)),
)
