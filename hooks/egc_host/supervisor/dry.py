"""`egc-envoy check`: all that a reload looks at, with nothing started."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from egc_host import bundle as bundles
from egc_host.findings import Finding, Refusal
from egc_host.findings import reload as findings
from egc_host.supervisor import binary, client, preflight, snapshot

_SECONDS = 120


def problems(folder: Path, envoy: str | None, run: Path | None) -> list[Finding]:
    """What is wrong with a bundle on this host, next to the Envoy that runs there if one does."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "copy")
        try:
            found = snapshot.take(Path(os.path.realpath(folder)), copy)
            bundle = bundles.read(copy)
            executable = binary.find(envoy or bundle.envoy.path)
            versions = binary.versions(executable)
        except Refusal as refusal:
            return [refusal.finding]
        found += _validate(bundle, executable)
        where, base_id = run or bundle.run, bundle.envoy.base_id
        place = preflight.Place(where, base_id, executable, versions, _running(where))
        return found + preflight.check(bundle, place)


def _validate(bundle: bundles.Bundle, executable: Path) -> list[Finding]:
    options = ("--mode", "validate", "--log-level", "error", "--log-format", "%v", "-c", bundle.envoy.config)
    try:
        done = subprocess.run(
            [executable, *options], cwd=bundle.folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [Finding(findings.TIMEOUT, f"Envoy's validation did not end within {_SECONDS} s")]
    if not done.returncode:
        return []
    reason = binary.complaint(done.stderr) or f"it ended with status {done.returncode}"
    return [Finding(findings.INVALID, f"Envoy refuses the configuration: {reason}")]


def _running(run: Path) -> preflight.Running | None:
    try:
        status = client.ask(run, {"command": "status"}, 5)
        if status["epoch"] is None:
            return None
        ours = (status["pid"], *(one["pid"] for one in status["draining"]))
        bundle = bundles.read(run / "epochs" / str(status["epoch"]))
        return preflight.Running(bundle, status["epoch"], status["hotRestart"], ours)
    except (client.NotRunning, KeyError, Refusal):
        return None
