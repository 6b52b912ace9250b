"""Other sites of the same host."""

from __future__ import annotations

from egc_host.bundle import read
from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.releases.places import Places


def check(places: Places) -> None:
    """Refusal if another site that is installed would share its run folder or its units with this one."""
    for current in sorted(places.root.parent.glob("*/current")):
        if current == places.current:
            continue
        try:
            other = read(current)
        except Refusal:
            continue
        shared = [f"the run folder {other.run}"] if other.run == places.bundle.run else []
        if other.target == "systemd" == places.bundle.target:
            shared.append("the units of systemd")
        if shared:
            raise Refusal(findings.OTHER_SITE, f"the site {other.site} in {current} has {' and '.join(shared)}")
