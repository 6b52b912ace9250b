"""The expected files of a case: ``python -m tests.golden DIR`` writes those of every case anew, below DIR."""

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.case import Case, Result, cases

DIAGNOSTICS = "diagnostics.txt"
CONFIGURATIONS = ("envoy.yaml", "envoy.json")

HEADING = re.compile(rb"\A(#[^\n]*\n)+")
"""The comment above a configuration: it tells versions, which would change every golden with each release."""


def golden(case: Case, result: Result) -> dict[str, bytes]:
    """The files that a result is expected as. Of a feature they are Envoy's configuration and the diagnostics."""
    files = {path: content for path, content in result.files.items() if not _programs(path, result)}
    if not case.whole:
        files = {path: HEADING.sub(b"", files[path]) for path in CONFIGURATIONS if path in files}
    if result.diagnostics:
        files[DIAGNOSTICS] = result.diagnostics.encode()
    return files


def _programs(path: str, result: Result) -> bool:
    """Whether a file is one of the programs for a host, or tells their digests: none of them is made from the site."""
    copied = path.startswith(("bin/", "monitoring/")) or path in ("install.sh", "manifest.json")
    return copied and "host.json" in result.files


def expected(case: Case) -> dict[str, bytes]:
    """The expected files that are there."""
    if case.whole:
        found = [path for path in case.expected.rglob("*") if path.is_file()]
    else:
        found = [path for name in (*CONFIGURATIONS, DIAGNOSTICS) if (path := case.expected / name).exists()]
    return {str(path.relative_to(case.expected)): path.read_bytes() for path in found}


def write(case: Case, files: Mapping[str, bytes]) -> None:
    """Make *files* what is expected."""
    for path in expected(case).keys() - files.keys():
        (case.expected / path).unlink()
    for path, content in files.items():
        file = case.expected / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)


if __name__ == "__main__":
    for each in cases():
        write(replace(each, expected=Path(sys.argv[1]) / each.name), golden(each, each.build()))
