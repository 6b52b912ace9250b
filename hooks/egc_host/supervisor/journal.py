"""What the supervisor says: lines on stderr, which go to the journal."""

from __future__ import annotations

import contextlib
import sys

from egc_host.findings import Finding


def say(finding: Finding) -> None:
    """Log a finding."""
    for line in str(finding).splitlines():
        log(line)


def log(line: str) -> None:
    """One line for the journal."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"egc-envoy: {line}\n")
        sys.stderr.flush()
