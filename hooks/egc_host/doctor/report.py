"""What `egc-site doctor` prints."""

from __future__ import annotations

import json

from egc_host.doctor.checks import examine
from egc_host.releases.places import Places
from egc_host.terminal import plain, say, tell


def doctor(places: Places, *, as_json: bool) -> int:
    """Print what is wrong; 1 if something of it is fatal."""
    found = sorted(examine(places), key=lambda finding: not finding.fatal)
    errors = sum(finding.fatal for finding in found)
    if as_json:
        say(json.dumps({"site": places.bundle.site, "findings": [plain(finding) for finding in found]}, indent=2))
    else:
        for finding in found:
            tell(finding)
        say(_count(errors, "error") + ", " + _count(len(found) - errors, "warning"))
    return 1 if errors else 0


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
