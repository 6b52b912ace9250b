"""The first start: of the bundle, or else of what served last."""

from __future__ import annotations

import shutil
from dataclasses import replace

from egc_host.findings import Finding
from egc_host.findings import reload as findings
from egc_host.supervisor import snapshot
from egc_host.supervisor.candidate import Candidate, Job, explained
from egc_host.supervisor.journal import log, say
from egc_host.supervisor.loop import Steps
from egc_host.supervisor.works import Works


def boot(works: Works) -> Steps[bool]:
    """Start epoch 0. Whether something serves now: a site that serves in part is better than none."""
    why = ""
    kept = snapshot.last_good(works.settings.state)
    for source, whole in ((works.settings.bundle, True), (kept, False)):
        if not whole and not kept.exists():
            break
        job = Job(source, works.fleet.room(), whole=whole, boot=True, accept_edited=True, validate=False)
        try:
            candidate = yield from works.workshop.prepare(job)
            found = yield from works.fleet.replace(candidate, works.settings.workers(candidate.bundle))
            if found:
                found = [*(yield from _reasons(works, job)), *found]
        except Exception as error:  # noqa: BLE001 - whatever it is, the last good configuration may serve
            found = explained(error)
        else:
            if not found:
                yield from _serve(works, candidate, "" if whole else f"last good configuration is served: {why}")
                return True
        for finding in found:
            say(finding)
        why = next((finding.message for finding in found if finding.fatal), "it could not be started")
        yield from works.fleet.bury()
        shutil.rmtree(job.folder, ignore_errors=True)
    say(Finding(findings.NOTHING_STARTS, "neither the bundle nor a last good configuration could be started"))
    return False


def _reasons(works: Works, job: Job) -> Steps[list[Finding]]:
    """What Envoy's validation says of what did not start. Before, it would only have taken time."""
    job = replace(job, folder=works.fleet.room(), validate=True)
    try:
        yield from works.workshop.prepare(job)
    except Exception as error:  # noqa: BLE001 - as above
        return explained(error)
    finally:
        shutil.rmtree(job.folder, ignore_errors=True)
    return []


def _serve(works: Works, candidate: Candidate, last_good: str) -> Steps[None]:
    for finding in candidate.found:
        say(finding)
    works.note(candidate, last_good)
    works.record.state = "serving"
    works.house.changed()
    log(works.line())
    works.notifier.send(works.line(), READY=1)
    if not last_good:
        yield from works.keep()
