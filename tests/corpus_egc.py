"""egc for comparing statuses: as the reference's translator, before its status writer completes them.

The reference statuses come from the translator alone. The Gateway's own Accepted and Programmed conditions are added by
Envoy Gateway in a later step that knows the running proxy, so they are taken out of egc's statuses here when they are
good news; bad news is compared.
"""

import os
import sys
from pathlib import Path

import yaml

from egc.cli import main

ADDED_LATER = {"Accepted", "Programmed"}


def strip(path: Path) -> None:
    """Remove what the translator does not write."""
    objects = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or []
    for entry in objects:
        if entry["kind"] == "Gateway":
            listed = entry["status"]["conditions"]
            entry["status"]["conditions"] = [
                c
                for c in listed
                if c["type"] not in ADDED_LATER or c["reason"] in {"InvalidParameters", "UnsupportedAddress"}
            ]
    path.write_text(yaml.dump(objects), encoding="utf-8")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.argv = ["egc", *arguments, "--no-validate"]
    child = os.fork()
    if child == 0:
        main()
    _, status = os.waitpid(child, 0)
    if "--status" in arguments:
        written = Path(arguments[arguments.index("--status") + 1])
        if written.is_file():
            strip(written)
    sys.exit(os.waitstatus_to_exitcode(status))
