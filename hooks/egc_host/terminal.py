"""What the programs of a host print."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from pathlib import Path
from typing import Callable

from egc_host.findings import Finding, Kind, Refusal
from egc_host.findings.release import DEFECT, NEEDS_ROOT

_unsaid: list[OSError] = []
"""Why what was to be printed was not, but for a reader who is gone."""


def say(text: str) -> None:
    """Print a line; a terminal that is gone is no reason to stop half-way."""
    try:
        print(text, flush=True)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _unsaid.append(error)
        # What is left in the buffer would be written at the end, in vain again.
        with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def tell(finding: Finding) -> None:
    """Print a finding where errors go."""
    with contextlib.suppress(OSError):
        print(finding, file=sys.stderr, flush=True)


def guarded(run: Callable[[], int], kind: Kind) -> int:
    """The exit code of a command. What it raises is told in one line: 1 for what is refused, 3 for a defect.

    ``kind`` is what an error of the operating system is told as.
    """
    _unsaid.clear()
    try:
        code = run()
        if not _unsaid:
            return code
        tell(system(_unsaid[0], kind))
        _unsaid.clear()
    except Refusal as refusal:
        tell(refusal.finding)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        tell(system(error, kind))
    except Exception as error:  # noqa: BLE001 - nobody who runs a site has use for a traceback
        tell(Finding(DEFECT, f"{type(error).__name__} at {_place(error)}: {error}"))
        return 3
    return 1


def _place(error: Exception) -> str:
    """Where in this program it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if "egc_host" in frame.filename][-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def system(error: OSError, kind: Kind) -> Finding:
    """What the operating system refused, as a finding of this kind; or that root would not be refused it."""
    denied = error.errno in (errno.EACCES, errno.EPERM) and os.geteuid() != 0
    return Finding(NEEDS_ROOT if denied else kind, explained(error))


def explained(error: OSError) -> str:
    """The same as a phrase, each part once."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or str(error) or type(error).__name__}"


def plain(finding: Finding) -> dict[str, str]:
    """A finding as JSON has it."""
    return {
        "code": finding.kind.code,
        "severity": finding.kind.severity,
        "message": finding.message,
        "help": finding.help or finding.kind.help,
    }
