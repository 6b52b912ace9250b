"""What is said when egc itself is at fault: where, but no values, which could be secrets."""

import traceback
from pathlib import Path

from egc import __version__
from egc.diagnostics.defect import DEFECT

INTERNAL = 3


def report(error: BaseException) -> str:
    """The kind of an exception and the lines that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).parents[2]
    lines = [f"  {_short(frame.filename, root)}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join(
        [
            f"error[{DEFECT.code}]: egc {__version__} has a defect: {type(error).__name__}",
            *lines,
            f"  = help: {DEFECT.help}",
        ]
    )


def _short(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name
