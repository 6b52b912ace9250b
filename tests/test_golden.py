"""What the compiler makes of every case of the fixtures, to the byte, and that it holds together."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.case import FIXTURES, Case, cases
from tests.coherence import faults
from tests.golden import CONFIGURATIONS, expected, golden, write

CASES = cases()
OTHER_HASHES = {"PYTHONHASHSEED": "4711"}
ENVOYS_VERDICT = re.compile(r"\[EGC6\d{3}\]")
DOCUMENT = re.compile(r"^---.*\n", re.MULTILINE)


def scattered(case: Case, folder: Path) -> Case:
    """The case with every document in a file of its own, in another order."""
    options = case.options
    shutil.copytree(case.folder, folder, ignore=shutil.ignore_patterns("bundle"))
    if case.whole:
        kept = {*options.paths, options.profile, "cases.yaml"}
        sources = [path for path in folder.rglob("*.yaml") if str(path.relative_to(folder)) not in kept]
    else:
        sources = [folder / path for path in options.paths]
    paths: list[str] = []
    for source in sources:
        for text in filter(str.strip, DOCUMENT.split(source.read_text(encoding="utf-8"))):
            # Hashes for names: the order of the files has nothing to do with that of the documents.
            part = source.with_name(f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.yaml")
            part.write_text(text, encoding="utf-8")
            paths.append(part.name)
        source.unlink()
    return replace(case, folder=folder, options=options if case.whole else replace(options, paths=(*sorted(paths),)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden(case: Case, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The output is what was reviewed, Envoy accepts it, its names fit, and files and order do not matter."""
    result = case.build(validate=True)
    assert not ENVOYS_VERDICT.search(result.diagnostics), result.diagnostics
    for path in CONFIGURATIONS:
        if path in result.files:
            assert list(faults(yaml.load(result.files[path], yaml.CSafeLoader))) == []
    assert scattered(case, tmp_path / "scattered").build().files == result.files
    files = golden(case, result)
    if request.config.getoption("update"):
        write(case, files)
    texts = {path: content.decode() for path, content in files.items()}
    assert {path: content.decode() for path, content in expected(case).items()} == texts


@pytest.mark.slow
def test_another_process(tmp_path: Path) -> None:
    """A process with other hashes compiles every case to the same bytes."""
    command = [sys.executable, "-m", "tests.golden", str(tmp_path)]
    subprocess.run(command, cwd=FIXTURES.parent, env={**os.environ, **OTHER_HASHES}, check=True)
    for case in CASES:
        assert expected(replace(case, expected=tmp_path / case.name)) == expected(case), case.name


def test_a_case_is_read() -> None:
    """No folder of the fixtures is overlooked."""
    files = [*FIXTURES.glob("features/*/*/*"), *FIXTURES.glob("whole/*/*.yaml")]
    read = {folder for case in CASES for folder in (case.folder, case.expected)}
    assert {path.parent for path in files} <= read
