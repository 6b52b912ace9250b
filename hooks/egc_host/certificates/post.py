"""What certbot's post hook does: once for each run of certbot, Envoy takes up what was published."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from egc_host.certificates.notes import Notes
from egc_host.certificates.served import Clients, not_taken_up
from egc_host.findings import Finding
from egc_host.findings import certificates as findings
from egc_host.terminal import say

if TYPE_CHECKING:
    from egc_host.bundle import Bundle

_STATUS = 10.0
_RELOAD = 120.0
"""Seconds that a reload may take beyond the drain of an older Envoy, which it waits for."""


def post(bundle: Bundle) -> list[Finding]:
    """Have Envoy take up the lineages that are marked; what went wrong leaves them marked."""
    notes = Notes(bundle.state)
    with notes.taking_up():
        names = notes.take()
        if not names:
            say("no certificate changed")
            return []
        try:
            found = _watched(bundle) if bundle.reload == "watch" else _reloaded(bundle)
            if found is None:
                say(f"Envoy is not running; it reads {', '.join(names)} when it starts")
                return []
            if not found:
                found = not_taken_up(bundle, names)
        except BaseException:
            notes.give_back(names)
            raise
        if found:
            notes.give_back(names)
        else:
            say(f"Envoy serves {', '.join(names)}")
            _show(bundle)
        return found


def _watched(bundle: Bundle) -> list[Finding] | None:
    """Envoy sees by itself what was published; None if there is no Envoy."""
    return [] if Clients(bundle).answered() else None


def _show(bundle: Bundle) -> None:
    """Let the supervisor's status and metrics tell the new certificates: after a reload they do by themselves."""
    from egc_host.supervisor.client import NotRunning, ask  # noqa: PLC0415 - only a renewal needs it

    if bundle.reload == "watch":
        with contextlib.suppress(NotRunning):
            ask(bundle.run, {"command": "look"}, _STATUS)


def _reloaded(bundle: Bundle) -> list[Finding] | None:
    """Hot restart Envoy; None if it does not run."""
    from egc_host.supervisor.client import NotRunning, ask  # noqa: PLC0415 - only a reload needs it

    try:
        ask(bundle.run, {"command": "status"}, _STATUS)
    except NotRunning as error:
        if isinstance(error.__cause__, (FileNotFoundError, ConnectionRefusedError)):
            return None
        return [Finding(findings.RELOAD_REFUSED, f"{error}")]
    patience = bundle.envoy.parent_shutdown_time + _RELOAD
    try:
        answer = ask(bundle.run, {"command": "reload", "acceptEdited": False, "allowCold": False}, patience)
    except NotRunning as error:
        return [Finding(findings.RELOAD_REFUSED, f"{error}")]
    if answer.get("ok") is not True:
        code, message = answer.get("code") or "", answer.get("message") or "no reason given"
        return [
            Finding(
                findings.RELOAD_REFUSED, f"{message} {f'({code})' if code else ''}".rstrip(), answer.get("help") or ""
            )
        ]
    say(f"Envoy was hot restarted in {answer.get('ms')} ms, epoch {answer.get('epoch')}")
    return []
