"""The running site: what it serves, and how it is told to serve something else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from egc_host.findings import Finding, Kind, Refusal
from egc_host.findings import release as findings
from egc_host.releases.commands import ended, last_words, run, succeeds
from egc_host.releases.places import Places
from egc_host.releases.units import SERVICE, timers
from egc_host.terminal import tell

_SOON = 5.0
_STARTS = 120.0
"""Seconds that a validation and a start may take; a reload also waits for an older Envoy that still drains."""
_BUILDS = 1800.0
"""Seconds that an image may take to be built."""
_TOLD = ("warning[", "  help: ")


class Service:
    """A supervisor that somebody started; nothing but a reload is asked of it."""

    managed = False
    """Whether install may start it."""
    name = "the supervisor"

    def __init__(self, places: Places) -> None:
        self._places = places
        self._bundle = places.bundle
        self.why_not = "no supervisor answers"
        """What :meth:`status` met when it returned None."""
        self.hidden = False
        """Whether that was because this user may not ask."""

    def status(self) -> dict[str, Any] | None:
        """What the supervisor says of itself; None if none answers."""
        from egc_host.supervisor.client import NotRunning, ask  # noqa: PLC0415 - not every command asks

        try:
            return ask(self._bundle.run, {"command": "status"}, timeout=_SOON)
        except NotRunning as error:
            self.why_not = f"no supervisor answers: {error}"
            self.hidden = isinstance(error.__cause__, PermissionError)
            return None

    def unserved(self) -> Finding:
        """Why :meth:`status` returned None, and what to do."""
        if self.hidden:
            return Finding(findings.NEEDS_ROOT, self.why_not)
        return Finding(findings.NOT_SERVING, self.why_not, f"{self.advice()}; or {findings.NOT_SERVING.help}")

    def served(self) -> str | None:
        """The digest of what is served."""
        status = self.status()
        return status["digest"] if status is not None else None

    def reload(self, *, allow_cold: bool = False) -> dict[str, Any]:
        """Let the supervisor take up the current release; Refusal with its verdict if it does not."""
        from egc_host.supervisor.client import NotRunning, ask  # noqa: PLC0415 - not every command asks

        command = {"command": "reload", "acceptEdited": False, "allowCold": allow_cold}
        try:
            reply = ask(self._bundle.run, command, timeout=self._bundle.envoy.parent_shutdown_time + _STARTS)
        except NotRunning as error:
            self.why_not = f"no supervisor answers: {error}"
            found = self.unserved()
            raise Refusal(found.kind, found.message, found.help) from error
        return _verdict(reply)

    def start(self) -> None:
        """Start the site for the first time."""
        raise Refusal(findings.NOT_BELOW_PREFIX, "nothing is started below a prefix")

    def restart(self) -> None:
        """Stop and start; requests are lost."""
        raise Refusal(findings.NOT_BELOW_PREFIX, "nothing is restarted below a prefix")

    def withdraw(self) -> None:
        """Stop what :meth:`start` started."""

    def advice(self) -> str:
        """How a person starts the site."""
        return f"start it with: {self._places.current}/bin/egc-envoy run {self._places.current}"

    def log_command(self) -> list[str]:
        """The command that follows the logs."""
        raise Refusal(findings.NOT_BELOW_PREFIX, "the supervisor writes its log to where it was started")


class Systemd(Service):
    """The unit of the bundle."""

    managed = True
    name = SERVICE

    def start(self) -> None:
        """Enable and start the unit and its timers; Refusal if it does not come to serve."""
        self._wait_for("enable", "--now")

    def restart(self) -> None:
        """Restart the unit."""
        self._wait_for("restart")

    def _wait_for(self, *action: str) -> None:
        # As long as the unit may take (TimeoutStartSec), and then some.
        patience = self._bundle.envoy.parent_shutdown_time + _STARTS + 60
        try:
            run("systemctl", *action, SERVICE, timeout=patience)
        except Refusal as refusal:
            raise Refusal(findings.DID_NOT_START, refusal.finding.message, self._last_words()) from refusal

    def withdraw(self) -> None:
        """Stop and disable everything, as before the first start."""
        for unit in (*timers(self._bundle.folder), SERVICE):
            succeeds("systemctl", "disable", "--now", unit)
        succeeds("systemctl", "reset-failed", SERVICE)

    def log_command(self) -> list[str]:
        """The journal of the unit."""
        return ["journalctl", "--unit", SERVICE, "--follow"]

    def advice(self) -> str:
        """The command of systemd."""
        return f"start it with: systemctl start {SERVICE}"

    @staticmethod
    def _last_words() -> str:
        """The last lines of the journal, for want of a verdict."""
        try:
            lines = run("journalctl", "--unit", SERVICE, "--lines", "12", "--output", "cat", "--no-pager")
        except Refusal:
            return ""
        return "it said last:\n" + "\n".join(f"    {line}" for line in lines.splitlines())


class Compose(Service):
    """The service ``gateway`` of the bundle's compose.yaml."""

    name = "the service gateway"

    def status(self) -> dict[str, Any] | None:
        """What the supervisor in the container says; None if it does not run."""
        try:
            said = run(*self._inside("egc-envoy", "status", "--json"))
        except Refusal as refusal:
            self.why_not = refusal.finding.message
            self.hidden = os.geteuid() != 0 and "permission denied" in self.why_not.lower()
            return None
        try:
            status: dict[str, Any] = json.loads(said)
        except ValueError:
            self.why_not = "the service gateway gives no answer that can be read"
            return None
        return status

    def reload(self, *, allow_cold: bool = False) -> dict[str, Any]:
        """The same, asked inside the container."""
        flags = ["--allow-cold"] * allow_cold
        patience = self._bundle.envoy.parent_shutdown_time + _STARTS
        done = ended(*self._inside("egc-envoy", "reload", *flags), timeout=patience)
        if not done.returncode:
            for line in done.stderr.splitlines():
                if line.startswith(_TOLD):  # Compose has things to say as well
                    print(line, file=sys.stderr)
            return {"ok": True}
        status = self.status()
        if status is None:
            found = self.unserved()
            raise Refusal(found.kind, found.message, found.help)
        last = status["lastReload"]
        if last is None or last["ok"]:  # it was another one's: ours was never asked for, or not answered
            last = {"ok": False, "message": last_words(done)}
        return _verdict(last)

    def restart(self) -> None:
        """Make the container anew."""
        run(*self._compose(), "up", "--detach", "--build", "--force-recreate", "gateway", timeout=_BUILDS)

    def advice(self) -> str:
        """The command that builds and starts the containers."""
        return f"start it with: {' '.join(self._compose())} up --detach --build"

    def log_command(self) -> list[str]:
        """The logs of the service."""
        return [*self._compose(), "logs", "--follow", "gateway"]

    def _inside(self, *command: str) -> list[str]:
        return [*self._compose(), "exec", "-T", "gateway", *command]

    def _compose(self) -> list[str]:
        program = ["podman-compose"] if shutil.which("docker") is None else ["docker", "compose"]
        return [*program, "--file", str(self._places.current / "compose.yaml")]


def service_of(places: Places) -> Service:
    """How this site is run on this host."""
    if places.bundle.target == "compose":
        return Compose(places)
    return Service(places) if places.prefix is not None else Systemd(places)


def enabled(unit: str) -> bool:
    """Whether systemd starts a unit at boot."""
    return succeeds("systemctl", "is-enabled", "--quiet", unit)


def program_of(release: Path) -> bytes | None:
    """The supervisor as a release brings it."""
    path = release / "bin" / "egc-envoy"
    return path.read_bytes() if path.is_file() else None


def _verdict(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply if it is a good one, its warnings told; else the Refusal that it is."""
    from egc_host.supervisor.verdict import unpacked  # noqa: PLC0415 - not every command asks

    first = None
    for finding in unpacked(reply.get("findings", [])):
        if finding.fatal and first is None and not reply["ok"]:
            first = finding
        else:
            tell(finding)
    if reply["ok"]:
        return reply
    if first is None:
        kind = Kind(reply["code"], "error", "", "") if reply.get("code") else findings.RELOAD_REFUSED
        first = Finding(kind, reply.get("message") or kind.title, reply.get("help") or "")
    raise Refusal(first.kind, first.message, first.help)
