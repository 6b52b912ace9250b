"""What an operator is told about a site."""

from __future__ import annotations

import json
import time

from egc_host.findings import Finding
from egc_host.findings import release as findings
from egc_host.releases import history
from egc_host.releases.places import Places
from egc_host.releases.service import service_of
from egc_host.supervisor.report import lines
from egc_host.terminal import plain, say, tell


def releases(places: Places) -> str:
    """A line for each release: current (*), digest, whether it is served, since when, version of Envoy."""
    current, served = places.installed(), service_of(places).served()
    lines = []
    for found in history.releases(places):
        mark = "*" if found.digest == current else " "
        state = "served" if found.digest == served else ""
        lines.append(f"{mark} {found.digest}  {state:6}  {_time(found.since)}  envoy {found.envoy()}")
    return "\n".join(lines) if lines else "no release is installed"


def status(places: Places, *, as_json: bool) -> int:
    """Print what is served; 1 if nothing is."""
    service = service_of(places)
    said = service.status()
    current, found = places.installed(), []
    serving = said is not None and said["state"] in ("serving", "reloading")
    if said is None and current is None and not service.hidden:
        found.append(Finding(findings.NOT_INSTALLED, f"there is no {places.current}"))
    elif said is None:
        found.append(service.unserved())
    elif not serving:
        found.append(Finding(findings.NOT_SERVING, f"the supervisor is {said['state']}"))
    elif current is not None and current != said["digest"]:
        found.append(Finding(findings.NOT_CURRENT, f"{said['digest']} is served, but {current} is current"))
    if as_json:
        shown = [plain(finding) for finding in found]
        say(json.dumps({"site": places.bundle.site, "current": current, "served": said, "findings": shown}, indent=2))
        return 0 if serving else 1
    say(f"site        {places.bundle.site}")
    for line in lines(said) if said is not None else ():
        say(line)
    for finding in found:
        tell(finding)
    return 0 if serving else 1


def _time(seconds: float | None) -> str:
    return (
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds)) if seconds is not None else "never served" + " " * 8
    )
