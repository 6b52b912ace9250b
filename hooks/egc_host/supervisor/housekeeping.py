"""What is done beside the work: metrics each minute, certificates each hour, and both after a change."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from egc_host.supervisor import metrics
from egc_host.supervisor.children import trim
from egc_host.supervisor.fleet import Fleet
from egc_host.supervisor.loop import Loop, Steps
from egc_host.supervisor.record import Record, describe
from egc_host.supervisor.settings import Settings

_MINUTE, _HOUR, _PATIENCE = 60.0, 3600.0, 30.0


class Housekeeping:
    """``changed`` asks for a round at once."""

    def __init__(self, loop: Loop, settings: Settings, fleet: Fleet, record: Record) -> None:
        self._loop, self._settings, self._fleet, self._record = loop, settings, fleet, record
        self._changed = True

    def changed(self) -> None:
        """Something else serves, or a reload was judged."""
        self._changed = True
        self._loop.wake()

    def keep(self) -> Steps[None]:
        """For ever."""
        due = described = 0.0
        while True:
            now = time.monotonic()
            if self._changed or now >= described + _HOUR:
                self._changed, described = False, now
                self.write()
                yield from self._describe()
                trim()
                due = 0.0
            if now >= due:
                self.write()
                due = now + _MINUTE
            if not self._changed:
                yield max(0.0, due - time.monotonic())

    def write(self) -> None:
        """Write the metrics, if they can be written: they are no reason to serve worse."""
        status = self._record.status(self._fleet)
        text = metrics.render(status, self._record.started, self._record.judged)
        with contextlib.suppress(OSError):
            metrics.write(self._settings.state / "envoy", text)

    def _describe(self) -> Steps[None]:
        serving = self._fleet.serving
        if serving is None:
            return
        bundle = serving.bundle
        with contextlib.suppress(OSError):
            found: list[dict[str, Any]] = yield from self._loop.call(lambda: describe(bundle), _PATIENCE)
            self._record.certificates = found
