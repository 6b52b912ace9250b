"""What the parts of the supervisor share, and what they do alike."""

from __future__ import annotations

from dataclasses import dataclass

from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import snapshot
from egc_host.supervisor.candidate import Candidate, Workshop
from egc_host.supervisor.fleet import Fleet
from egc_host.supervisor.housekeeping import Housekeeping
from egc_host.supervisor.journal import say
from egc_host.supervisor.loop import Loop, Steps
from egc_host.supervisor.notify import Notifier
from egc_host.supervisor.record import Record
from egc_host.supervisor.settings import Settings


@dataclass(frozen=True)
class Works:
    """The parts."""

    loop: Loop
    settings: Settings
    fleet: Fleet
    workshop: Workshop
    record: Record
    house: Housekeeping
    notifier: Notifier

    def line(self) -> str:
        """What serves, as a phrase."""
        serving = self.fleet.serving
        return f"epoch {serving.epoch} serves bundle {serving.bundle.digest}" if serving else "nothing serves"

    def note(self, candidate: Candidate, last_good: str = "") -> None:
        """Remember what is not as it should be about what now serves. ``last_good``: why it is not the bundle."""
        notes = {
            "bundle": last_good,
            "edited": next((one.message for one in candidate.found if one.kind.code == findings.ACCEPTED.code), ""),
            "checks": next((one.message for one in candidate.found if one.fatal), ""),
        }
        self.record.notes = {key: note for key, note in notes.items() if note}
        if last_good:
            say(Finding(findings.LAST_GOOD, last_good))

    def keep(self) -> Steps[None]:
        """Keep a copy of what serves, for a boot without it."""
        if self.fleet.serving is None:
            return
        folder, state = self.fleet.serving.bundle.folder, self.settings.state
        try:
            yield from self.loop.call(lambda: snapshot.keep(folder, state), self.settings.validate_timeout)
        except OSError as error:
            self.record.notes["kept"] = f"what serves could not be kept in {state / 'envoy'}"
            say(Finding(findings.NOT_KEPT, f"{self.record.notes['kept']}: {error}"))
