"""The programs for the host: packed the same everywhere, and content with an old Python and its standard library."""

import ast
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from egc.artifacts.programs import programs
from egc.artifacts.shipped import shipped
from tests.host.issuing import install_programs

HOOKS = shipped("hooks")
MODULES = sorted((HOOKS / "egc_host").rglob("*.py"))


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder with the programs, as in a bundle."""
    install_programs(tmp_path)
    return tmp_path


def test_packed_alike() -> None:
    """Neither time nor user is in a packed program, and nothing is compressed: compressors differ."""
    for path, content in programs():
        assert dict(programs())[path] == content
        if content.startswith(b"#!/usr/bin/env -S python3"):
            (first, _, _) = content.partition(b"\n")
            assert first.endswith(b" -IS")


@pytest.mark.parametrize("name", ["egc-envoy", "egc-site"])
def test_a_program_runs(unpacked: Path, name: str) -> None:
    """A packed program is one executable file, which needs no other."""
    alone = unpacked / name
    (unpacked / "bin" / name).rename(alone)
    with zipfile.ZipFile(alone) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    ran = subprocess.run([alone, "--help"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0 and ran.stdout.startswith(f"usage: {name}"), ran


def test_scripts_are_programs() -> None:
    """The scripts can be executed in a checkout, too."""
    scripts = [path for path in HOOKS.iterdir() if path.is_file()]
    assert scripts and all(path.stat().st_mode & stat.S_IXUSR for path in scripts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOOKS)))
def test_only_the_standard_library(path: Path) -> None:
    """A host has Python, and nothing needs to be installed for it."""
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.append(node.module or "")
    top = {name.partition(".")[0] for name in names}
    assert top <= sys.stdlib_module_names | {"egc_host"}


def test_an_old_python() -> None:
    """Nothing that Python 3.9 lacks, neither words nor library."""
    vermin = Path(sys.executable).with_name("vermin")
    command = [str(vermin), "-t=3.9-", "--no-tips", "--violations", str(HOOKS / "egc_host")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
