"""The steps that make a bundle the release that is served."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable

from egc_host.bundle import load
from egc_host.findings import Finding, Refusal
from egc_host.findings import release as findings
from egc_host.releases import account, history, release, switch, units
from egc_host.releases.commands import run, succeeds
from egc_host.releases.folders import folders
from egc_host.releases.places import Places
from egc_host.releases.release import Source
from egc_host.releases.service import Service, enabled, program_of
from egc_host.releases.writing import point, target, told
from egc_host.terminal import say, tell

_NO_VERDICT = (findings.NOT_SERVING, findings.OTHER_SERVED)
"""How a reload may end that changed what is served, or may still change it."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for. An empty ``envoy`` forgets the path that an earlier install was given."""

    accept_edited: bool = False
    allow_cold: bool = False
    envoy: str | None = None


@dataclass(frozen=True)
class Step:
    """One line that says what will be done, and what does it."""

    text: str
    do: Callable[[], object]


class Install:
    """A bundle on its way to be served. What was done can be undone until it is served."""

    def __init__(self, source: Source, places: Places, service: Service, options: Options) -> None:
        self._source = source
        self._digest = source.digest
        self._bundle = source.bundle
        self._options = options
        self._places = places
        self._service = service
        self._before = switch.previous(places, service)
        self._changes: list[units.Change] = []
        self._again = False
        """Whether what is served must be taken up anew, although its digest stays."""
        self._restarted = self._reloaded = False
        self._undo = contextlib.ExitStack()
        self._later(self._serve_back)

    def steps(self) -> Iterator[Step]:
        """What is to be done until the bundle is served. Each step is told in the state that those before it leave."""
        yield from self._account()
        yield from self._folders()
        yield from self._copy()
        yield from self._first_start()
        yield from self._units()
        yield from self._links()
        yield from self._switch()

    def tidy(self) -> Iterator[Step]:
        """What is to be done afterwards. What is left undone does no harm."""
        used = {self._places.installed(), self._service.served(), self._digest}
        for old in history.superfluous(self._places, self._bundle.keep, used):
            yield Step(f"delete the release {old.digest}", partial(history.remove, old))

    def undo(self) -> None:
        """Take back what was done, last things first. What cannot be taken back is told."""
        with switch.uninterrupted():
            self._undo.close()

    def done(self, *, changed: bool) -> None:
        """Note that the bundle is served."""
        if changed or any(found.since is None for found in history.releases(self._places) if self._is_new(found)):
            switch.commit(self._places, self._digest)

    def advice(self) -> str | None:
        """How a person starts the site, if this install did not and nobody serves it."""
        return self._service.advice() if not self._service.managed and self._service.served() is None else None

    def warnings(self) -> list[Finding]:
        """What takes effect only with a restart."""
        before = switch.folder_of(self._places, self._before)
        if before is None or self._before == self._digest or self._service.status() is None:
            return []
        due = [str(change.path) for change in self._changes if change.name == units.SERVICE]
        if program_of(before) != program_of(self._bundle.folder):
            due.append("the supervisor")
        return [Finding(findings.RESTART_DUE, f"{what} changed") for what in due]

    def _account(self) -> Iterator[Step]:
        user = self._bundle.envoy.user
        if self._service.managed and not account.exists(user):
            conf = self._bundle.folder / "systemd" / "sysusers.conf"
            yield Step(f"make the user {user}", partial(account.make, user, conf))

    def _folders(self) -> Iterator[Step]:
        for folder in folders(self._places):
            if folder.wanting():
                yield Step(str(folder), folder.make)

    def _copy(self) -> Iterator[Step]:
        places, digest = self._places, self._digest
        if release.unfinished(places):
            yield Step("remove what an interrupted install left", partial(release.sweep, places))
        if not release.whole(places.release(digest)):
            self._again = places.release(digest).exists()
            yield Step(f"copy {len(self._bundle.files)} files to {places.release(digest)}", self._copy_files)

    def _copy_files(self) -> None:
        self._later(self._remove_unserved)
        release.copy(self._source, self._places, account.reader(self._bundle.envoy.user).group)

    def _first_start(self) -> Iterator[Step]:
        from egc_host.certificates import placeholder  # noqa: PLC0415 - loads OpenSSL

        lacking: list[str] = []
        with contextlib.suppress(PermissionError):  # of a dry run, which says that it could not look
            lacking = placeholder.lacking(self._bundle)
        if lacking:
            # With compose the state folder is a volume, not a folder of this host.
            notes = self._places.root if self._bundle.target == "compose" else self._bundle.state
            text = f"make a placeholder for {', '.join(lacking)}"
            yield Step(text, partial(placeholder.ensure, self._bundle, notes=notes))
        if self._service.managed and self._service.served() is None and not self._service.hidden:
            yield Step("check this host", self._check)

    def _check(self) -> None:
        from egc_host.doctor import checks  # noqa: PLC0415 - only before a first start

        found = checks.before_start(Places(load(self._places.release(self._digest)), self._places.prefix))
        for finding in found:
            tell(finding)
        fatal = [finding for finding in found if finding.fatal]
        if fatal:
            raise Refusal(findings.NOT_READY, f"{len(fatal)} of the findings above keep the site from starting")

    def _units(self) -> Iterator[Step]:
        if self._bundle.target != "systemd":
            return
        before = switch.folder_of(self._places, self._before)
        # What was checked while it was copied; in a dry run there is no copy.
        copied = self._places.release(self._digest)
        folder = copied if release.whole(copied) else self._bundle.folder
        changes = units.changes(folder, before, self._places)
        if not changes:
            return
        if self._service.managed:
            self._later(units.announce, changes)
        for change in changes:
            if self._service.managed and change.is_unit and change.new is None:
                yield Step(f"disable {change.name}", partial(self._disable, change.name))
            yield Step(str(change), partial(self._make, change))
        if self._service.managed:
            yield Step("make the changes in /etc known", partial(units.announce, changes))

    def _make(self, change: units.Change) -> None:
        self._later(change.undo)
        change.make()
        self._changes.append(change)

    def _disable(self, unit: str) -> None:
        self._later(succeeds, "systemctl", "enable", "--now", unit)
        run("systemctl", "disable", "--now", unit)

    def _links(self) -> Iterator[Step]:
        places, bundle = self._places, self._bundle
        links: list[tuple[Path, str | None]] = []
        if bundle.target == "systemd":
            metrics = "egc_envoy.prom"
            links.append((bundle.textfile / metrics, str(bundle.state / "envoy" / metrics)))
            links.append((places.at("/usr/local/bin/egc-site"), str(places.current / "bin" / "egc-site")))
        if self._options.envoy is not None:
            links.append((places.root / "envoy", self._options.envoy or None))
            self._again |= target(places.root / "envoy") != links[-1][1]
        for link, wanted in links:
            if target(link) != wanted:
                what = f"let {link} lead to {wanted}" if wanted is not None else f"remove {link}"
                yield Step(what, partial(self._link, link, wanted))

    def _link(self, link: Path, wanted: str | None) -> None:
        self._later(point, link, target(link))
        point(link, wanted)

    def _switch(self) -> Iterator[Step]:
        places, service, digest = self._places, self._service, self._digest
        if places.installed() != digest:
            yield Step(f"let {places.current} lead to releases/{digest}", self._choose)
        served = service.served()
        if service.hidden and service.managed:
            yield Step(f"start {units.SERVICE}, or reload it if it serves", self._start)
        elif served is None and service.managed:
            yield Step(f"enable and start {units.SERVICE}", self._start)
        elif served is not None and (served != digest or self._again):
            change = f", from {served} to {digest}" if served != digest else ""
            yield Step(f"reload {service.name}{change}", self._reload)
        for timer in units.timers(self._bundle.folder) if service.managed else ():
            if not enabled(timer):
                yield Step(f"enable {timer}", partial(run, "systemctl", "enable", "--now", timer))

    def _choose(self) -> None:
        self._later(switch.choose, self._places, self._before)
        switch.choose(self._places, self._digest)

    def _start(self) -> None:
        self._later(self._service.withdraw)
        self._service.start()
        switch.verify(self._service, self._digest)

    def _reload(self) -> None:
        self._reloaded = True
        try:
            switch.reload(self._service, self._digest, allow_cold=self._options.allow_cold)
        except Refusal as refusal:
            self._reloaded = refusal.finding.kind in _NO_VERDICT
            if not (self._options.allow_cold and self._service.managed and self._changes):
                raise
            # What the new configuration lacks, such as a capability, may be what the new unit gives it.
            tell(refusal.finding)
            say("restart instead, as --allow-cold permits")
            self._restarted = True
            self._service.restart()
            switch.verify(self._service, self._digest)

    def _serve_back(self) -> None:
        """Have what is current again served again, if something else may be."""
        if self._restarted:
            self._service.restart()
        elif self._reloaded:
            self._service.reload(allow_cold=self._options.allow_cold)

    def _later(self, undo: Callable[..., object], *arguments: object) -> None:
        def attempt() -> None:
            try:
                with told():
                    undo(*arguments)
            except Refusal as refusal:
                tell(refusal.finding)

        self._undo.callback(attempt)

    def _remove_unserved(self) -> None:
        for found in history.releases(self._places):
            if self._is_new(found) and found.since is None:
                history.remove(found)

    def _is_new(self, found: history.Release) -> bool:
        return found.digest == self._digest
