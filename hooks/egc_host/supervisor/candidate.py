"""A configuration on its way: copied, validated and checked before any Envoy is started with it."""

from __future__ import annotations

import os
import signal
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from egc_host import bundle as bundles
from egc_host.bundle import Bundle
from egc_host.findings import Finding, Refusal
from egc_host.findings import bundle as bundle_findings
from egc_host.findings import reload as findings
from egc_host.supervisor import binary, children, preflight, snapshot
from egc_host.supervisor.binary import Versions
from egc_host.supervisor.loop import Loop, Steps
from egc_host.supervisor.settings import Settings, quiet
from egc_host.supervisor.verdict import packed, unpacked


class Refused(Exception):  # noqa: N818 - it is an outcome, told by its findings
    """It will not be started."""

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True)
class Candidate:
    """What can be started. ``bundle.folder`` is the copy, ``source`` where it came from."""

    bundle: Bundle
    source: Path
    binary: Path
    versions: Versions
    found: list[Finding] = field(default_factory=list)
    """Warnings; at boot also errors with which a part of the site can serve."""


@dataclass(frozen=True)
class Job:
    """What is to be prepared, and how strictly."""

    source: Path
    folder: Path
    running: preflight.Running | None = None
    whole: bool = True
    accept_edited: bool = False
    allow_cold: bool = False
    boot: bool = False
    validate: bool = True
    """Whether Envoy is to judge it before it is started with it."""


class Workshop:
    """Prepares one candidate after the other."""

    def __init__(self, loop: Loop, settings: Settings) -> None:
        self._loop, self._settings = loop, settings
        self._memory = binary.Memory(settings.state / "envoy" / "versions.json")

    def prepare(self, job: Job) -> Steps[Candidate]:
        """Copy, validate and check. Refused, with everything that is wrong."""
        copied = yield from self._call("the copy of the bundle", lambda: _copied(job, self._settings.envoy))
        found = _accepted(unpacked(copied["findings"]), accept=job.accept_edited or job.boot)
        bundle, executable = bundles.read(job.folder), Path(copied["binary"])
        validator = self._validate(bundle, executable) if job.validate else None
        known = self._memory.recall(executable)

        def checks() -> dict[str, Any]:
            return _checked(job, bundle, executable, known, self._settings)

        try:
            checked = yield from self._call("the check of ports and certificates", checks)
            if validator is not None:
                found += yield from self._judgement(validator)
        finally:
            if validator is not None:
                validator.kill(signal.SIGKILL)
                validator.output()
        found += unpacked(checked["findings"])
        tolerated = preflight.TOLERATED if job.boot else ()
        _refuse(found, tolerated)
        versions = Versions(*checked["versions"])
        if known is None:
            self._memory.keep(executable, versions)
        return Candidate(bundle, Path(copied["source"]), executable, versions, found)

    def _judgement(self, validator: children.Child) -> Steps[list[Finding]]:
        try:
            yield from self._loop.await_end(validator, self._settings.validate_timeout)
        except TimeoutError:
            raise Refused([self._late("Envoy's validation")]) from None
        if not validator.status:
            return []
        reason = binary.complaint(validator.output()) or f"its validation {validator.ending()}"
        return [Finding(findings.INVALID, f"Envoy refuses the configuration: {reason}")]

    def _validate(self, bundle: Bundle, executable: Path) -> children.Child:
        argv = [str(executable), "--mode", "validate", "-c", bundle.envoy.config, *self._settings.extra]
        argv += ["--base-id", str(self._settings.base_id), "--concurrency", "1"]
        argv += quiet(self._settings.extra, "error")
        if not any(option.startswith("--log-format") for option in self._settings.extra):
            argv += ["--log-format", "%v"]
        return self._loop.adopt(children.run(argv, bundle.folder, keep=True))

    def _call(self, what: str, function: Callable[[], dict[str, Any]]) -> Steps[dict[str, Any]]:
        """The findings of a child; Refused if it does not end."""
        try:
            result: dict[str, Any] = yield from self._loop.call(function, self._settings.validate_timeout)
        except TimeoutError:
            raise Refused([self._late(what)]) from None
        _refuse(unpacked(result["findings"]) if "failed" in result else [])
        return result

    def _late(self, what: str) -> Finding:
        return Finding(findings.TIMEOUT, f"{what} did not end within {self._settings.validate_timeout:g} s")


def explained(error: Exception) -> list[Finding]:
    """What to say of an exception."""
    if isinstance(error, Refused):
        return error.found
    if isinstance(error, Refusal):
        return [error.finding]
    if isinstance(error, OSError):
        return [Finding(findings.OUTSIDE, f"{error.filename or 'the system'}: {error.strerror or error}")]
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return [Finding(findings.DEFECT, f"{type(error).__name__} at {place}: {error}")]


def _copied(job: Job, envoy: str | None) -> dict[str, Any]:
    """In a child: the file system may hang."""
    from egc_host.located import envoy_of  # noqa: PLC0415 - as a child alone needs it

    def copy() -> dict[str, Any]:
        source = Path(os.path.realpath(job.source))  # resolve() fails at links in a circle before Python 3.13
        found = snapshot.take(source, job.folder, whole=job.whole)
        executable = binary.find(envoy or envoy_of(bundles.read(job.folder), source))
        return {"source": str(source), "binary": str(executable), "findings": packed(found)}

    return _told(copy)


def _checked(job: Job, bundle: Bundle, executable: Path, known: Versions | None, settings: Settings) -> dict[str, Any]:
    """In a child: it may hang, and loads OpenSSL."""

    def check() -> dict[str, Any]:
        versions = known or binary.versions(executable)
        place = preflight.Place(settings.run, settings.base_id, executable, versions, job.running)
        found = preflight.check(bundle, place, cold=job.allow_cold)
        return {"versions": list(versions), "findings": packed(found)}

    return _told(check)


def _told(function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - the parent tells it, whatever it is
        return {"failed": True, "findings": packed(explained(error))}


def _accepted(found: list[Finding], *, accept: bool) -> list[Finding]:
    if not accept:
        return found
    return [
        Finding(findings.ACCEPTED, one.message) if one.kind.code == bundle_findings.EDITED.code else one
        for one in found
    ]


def _refuse(found: list[Finding], tolerated: tuple[str, ...] = ()) -> None:
    if any(one.fatal and not (tolerated and one.kind.code.startswith(tolerated)) for one in found):
        raise Refused(found)


def since(began: float) -> int:
    """Milliseconds since a moment of the monotonic clock."""
    return round((time.monotonic() - began) * 1000)
