"""What the supervisor says: lines on stderr, which go to the journal."""

from __future__ import annotations

import contextlib
import os
import select

from egc_host.findings import Finding

_STDERR = 2
_MOST = 4000
"""Bytes that a pipe takes at once if it takes any: PIPE_BUF, less some."""


class _Missed:
    """How many lines nobody took since one was taken."""

    lines = 0


def say(finding: Finding) -> None:
    """Log a finding."""
    for line in str(finding).splitlines():
        log(line)


def log(line: str) -> None:
    """One line for the journal. Where nobody reads it is lost, and counted: who waits cannot reload or stop."""
    if _Missed.lines and _write(f"egc-envoy: lines that nobody read, and that are lost: {_Missed.lines}\n"):
        _Missed.lines = 0
    if not _write(f"egc-envoy: {line}\n"):
        _Missed.lines += 1


def _write(text: str) -> bool:
    """Whether it was taken, or stderr is gone."""
    data = text.encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError, ValueError):
        reader = select.poll()
        reader.register(_STDERR, select.POLLOUT)
        for start in range(0, len(data), _MOST):
            if not reader.poll(0):
                return False
            os.write(_STDERR, data[start : start + _MOST])
    return True
