"""The supervisor as a whole: it boots, serves requests, and stops."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import stop
from egc_host.supervisor.boot import boot
from egc_host.supervisor.candidate import Workshop, explained
from egc_host.supervisor.children import Child
from egc_host.supervisor.client import SOCKET
from egc_host.supervisor.control import Control, Reply
from egc_host.supervisor.fleet import SLACK, Fleet
from egc_host.supervisor.housekeeping import Housekeeping
from egc_host.supervisor.journal import log, say
from egc_host.supervisor.loop import Loop, Steps
from egc_host.supervisor.notify import Notifier
from egc_host.supervisor.record import Record
from egc_host.supervisor.reload import Reloads
from egc_host.supervisor.settings import Settings
from egc_host.supervisor.verdict import refused
from egc_host.supervisor.works import Works


class Supervisor:
    """``run`` goes on until Envoy is to be stopped, or is lost.

    States: starting, until the first Envoy serves; then serving and, while a request is at work, reloading; stopping.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._record, self._notifier = settings, Record(), Notifier()
        self._loop = Loop(self._signalled, self._ended)
        self._fleet = Fleet(self._loop, settings, self._lost)
        self._house = Housekeeping(self._loop, settings, self._fleet, self._record)
        workshop = Workshop(self._loop, settings)
        self._works = Works(self._loop, settings, self._fleet, workshop, self._record, self._house, self._notifier)
        self._reloads = Reloads(self._works, self._lost)
        self._control = Control(self._loop, settings.run / SOCKET, self._handle)
        self._main = self._live()
        self._hurry = False

    def run(self) -> int:
        """0: stopped; 1: Envoy is lost; 2: nothing could be started. OSError if the control socket cannot be made."""
        self._control.open()
        self._loop.add(self._main)
        for task in (self._notifier.watchdog, self._control.watch, self._fleet.watch, self._house.keep):
            self._loop.add(_persistent(task))
        return self._loop.run()

    def _live(self) -> Steps[None]:
        if not (yield from boot(self._works)):
            self._stop(2)
            return
        yield from _persistent(self._reloads.serve, self._reloads.abandon)

    def _handle(self, command: dict[str, Any], reply: Reply) -> None:
        try:
            self._obey(command, reply)
        except Exception as error:  # noqa: BLE001 - one question must not end Envoy
            reply(refused(explained(error)))

    def _obey(self, command: dict[str, Any], reply: Reply) -> None:
        if command.get("command") == "status":
            reply(self._record.status(self._fleet))
        elif command.get("command") == "look":  # certificates were renewed, without a reload
            self._house.changed()
            reply({"ok": True})
        elif command.get("command") != "reload":
            reply(refused([Finding(findings.BAD_REQUEST, f"{command.get('command')!r} is no command")]))
        elif self._record.state == "stopping":
            reply(refused([Finding(findings.STOPPING, "the supervisor is stopping")]))
        else:
            edited, cold = command.get("acceptEdited") is True, command.get("allowCold") is True
            self._reloads.ask(reply, accept_edited=edited, allow_cold=cold)

    def _signalled(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._reloads.ask()
        elif number == signal.SIGUSR1:
            for one in self._fleet.all:
                one.child.kill(number)
        elif self._record.state == "stopping":
            self._hurry = True
        else:
            self._stop(0)

    def _ended(self, child: Child) -> None:
        self._fleet.ended(child)

    def _lost(self, finding: Finding) -> None:
        if self._record.state != "stopping":
            say(finding)
            self._stop(1)

    def _stop(self, code: int) -> None:
        if self._record.state != "stopping":
            self._record.state = "stopping"
            self._notifier.send("stopping", STOPPING=1)
            self._loop.add(self._end(code))

    def _end(self, code: int) -> Steps[None]:
        """Tell who waits, drain if there is something to drain, and end every Envoy."""
        self._loop.drop(self._main)
        self._reloads.abandon([Finding(findings.STOPPING, "the supervisor is stopping")])
        serving = self._fleet.serving
        if serving is not None and code == 0:
            seconds = self._settings.stop_drain(serving.bundle)
            address = serving.bundle.envoy.admin
            serving.dismissed = True
            if seconds and not (yield from stop.drain(address, seconds, lambda: self._hurry)):
                log("the admin interface did not answer: connections are not drained")
        yield from stop.end([one.child for one in self._fleet.all], SLACK if code == 0 else 1.0)
        self._fleet.serving = None
        self._fleet.close()
        self._control.close()
        self._house.write()
        self._loop.end(code)


def _persistent(task: Callable[[], Steps[None]], told: Callable[[list[Finding]], None] | None = None) -> Steps[None]:
    """Begin a task again after a defect, rather than end Envoy with it."""
    while found := (yield from _explained(task())):
        for finding in found:
            say(finding)
        if told is not None:
            told(found)
        yield 1.0


def _explained(task: Steps[None]) -> Steps[list[Finding]]:
    try:
        yield from task
    except Exception as error:  # noqa: BLE001 - what serves is worth more than knowing no defect
        return explained(error)
    return []
