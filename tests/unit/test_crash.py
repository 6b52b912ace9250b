"""A defect of egc is told without a traceback and without anything of the input."""

import re
import subprocess
import sys
from pathlib import Path

SECRET = "hunter2"
SITE = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {SECRET}}}\n"

STARTER = """
import sys
from pathlib import Path
from egc import compiler
from egc.cli import main

def defect(documents, *_):
    raise {error}

compiler.parse = defect
main()
"""


def run(error: str, site: Path) -> subprocess.CompletedProcess[str]:
    """`egc check` of a site, with an egc that raises *error* when it parses documents."""
    site.write_text(SITE)
    starter = [sys.executable, "-c", STARTER.format(error=error), "check", str(site)]
    return subprocess.run(starter, capture_output=True, text=True, check=False)


def test_a_defect(tmp_path: Path) -> None:
    """An exception that nobody expects ends with status 3, its kind and the lines that it came through."""
    done = run("LookupError(documents[0].text)", tmp_path / "site.yaml")
    first, *frames, last = done.stderr.splitlines()
    assert done.returncode == 3
    assert re.fullmatch(r"error\[EGC0900\]: egc \S+ has a defect: LookupError", first)
    assert all(re.fullmatch(r"  \S+:\d+ in \S+", frame) for frame in frames)
    assert any(re.fullmatch(r"  egc/compiler\.py:\d+ in build", frame) for frame in frames)
    assert last.startswith("  = help: ")
    assert SECRET not in done.stderr and str(tmp_path) not in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_interruption_is_no_defect(tmp_path: Path) -> None:
    """Who interrupts egc is not asked for a report."""
    done = run("KeyboardInterrupt", tmp_path / "site.yaml")
    assert (done.returncode, done.stderr.strip()) == (130, "egc: interrupted")
