"""`egc-site install` and `egc-site rollback`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from egc_host.findings import Finding, Refusal
from egc_host.findings import doctor as unknown
from egc_host.findings import release as findings
from egc_host.releases import history, release
from egc_host.releases.folders import folders
from egc_host.releases.install import Install, Options
from egc_host.releases.lock import locked
from egc_host.releases.neighbours import check
from egc_host.releases.places import Places
from egc_host.releases.service import service_of
from egc_host.releases.writing import is_hidden, told
from egc_host.terminal import say, tell


def install(folder: Path, prefix: Path | None, options: Options, *, dry_run: bool) -> None:
    """Make the bundle in *folder* the one that is served; Refusal if that is not so in the end."""
    source = release.examine(folder, accept_edited=options.accept_edited)
    places = Places(source.bundle, prefix)
    for finding in (*source.accepted, *release.strangers(source.bundle)):
        tell(finding)
    if dry_run:
        check(places)
        _plan(_new(source, places, options), places, source.digest)
        return
    needs_root(prefix)
    _undisturbed()
    with told():
        root = next(folders(places))
        if root.wanting():
            say(str(root))
            root.make()
    with locked(places), told():
        check(places)
        _install(_new(source, places, options), source.digest)


def _new(source: release.Source, places: Places, options: Options) -> Install:
    return Install(source, places, service_of(places), options)


def _plan(work: Install, places: Places, digest: str) -> None:
    """Say what an install would do."""
    steps = [step.text for step in work.steps()]
    say("\n".join(steps) if steps else _nothing(digest))
    advice = work.advice()
    if advice is not None:
        say(advice)
    hidden = [str(path) for path in (places.bundle.run, places.bundle.certificates) if is_hidden(path)]
    if hidden:
        tell(Finding(unknown.UNSEEN, f"{' and '.join(hidden)}: what is served and published", "run it with sudo"))


def _install(work: Install, digest: str) -> None:
    changed = False
    try:
        for step in work.steps():
            say(step.text)
            step.do()
            changed = True
    except BaseException:
        work.undo()
        raise
    work.done(changed=changed)
    warnings = work.warnings()  # about the release before, which may go now
    for step in work.tidy():
        say(step.text)
        try:
            with told():
                step.do()
        except Refusal as refusal:
            warnings.append(Finding(findings.NOT_TIDY, refusal.finding.message))
    for finding in warnings:
        tell(finding)
    advice = work.advice()
    say(f"done: {digest} is {'served' if advice is None else 'installed'}" if changed else _nothing(digest))
    if advice is not None:
        say(advice)


def rollback(places: Places, given: str | None, options: Options) -> None:
    """Serve an older release; Refusal if that is not so in the end."""
    _installed(places)
    _undisturbed()
    service = service_of(places)
    with locked(places), told():
        chosen = history.choice(places, given)
        try:
            source = release.examine(chosen.folder, accept_edited=False)
        except Refusal as refusal:
            found = refusal.finding
            raise Refusal(found.kind, found.message, "install its bundle again, or choose another release") from refusal
        _install(Install(source, Places(source.bundle, places.prefix), service, options), source.digest)


def needs_root(prefix: Path | None) -> None:
    """Refusal if this is not root, and something of root's is to be changed."""
    if prefix is None and os.geteuid() != 0:
        raise Refusal(findings.NEEDS_ROOT, "this user may not change what root installed")


def _installed(places: Places) -> None:
    """Refusal if this user may not change the site, or it is not installed."""
    needs_root(places.prefix)
    if places.installed() is None:
        raise Refusal(findings.NOT_INSTALLED, f"there is no {places.current}")


def _nothing(digest: str) -> str:
    return f"nothing to do: {digest} is installed"


def _undisturbed() -> None:
    """Files are for everybody to read, a lost connection ends nothing, and SIGTERM undoes what was begun."""
    os.umask(0o022)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _: object) -> None:
    sys.exit(128 + number)


def reload(places: Places, *, allow_cold: bool) -> int:
    """Let the supervisor take up the current release; Refusal if it does not."""
    _installed(places)
    service = service_of(places)
    with locked(places):
        reply = service.reload(allow_cold=allow_cold)
    say(f"reloaded: {reply.get('message') or places.installed()}")
    return 0


def restart(places: Places) -> int:
    """Stop and start the site."""
    _installed(places)
    service = service_of(places)
    say(f"restart {service.name}: connections are cut, and requests are lost until it serves again")
    with locked(places):
        service.restart()
    return 0
