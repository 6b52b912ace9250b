"""What is said when a bundle cannot be written, and that what was there stays."""

import errno
import os
from pathlib import Path

import pytest

from egc.artifacts.artifact import Artifact
from egc.artifacts.bundle import Bundle
from egc.artifacts.write import write
from egc.diagnostics import Diagnostic, Sink

OLD = Bundle((Artifact("envoy.yaml", b"old\n"), Artifact("manifest.json", b'{"egc": "0"}\n')))
NEW = Bundle(
    (Artifact("envoy.yaml", b"new\n"), Artifact("manifest.json", b'{"egc": "0"}\n'), Artifact("tls/key", b"k", 0o600))
)


def complaints(bundle: Bundle, folder: Path) -> list[Diagnostic]:
    """What is reported when *bundle* is written to *folder*."""
    sink = Sink()
    write(bundle, folder, sink)
    return list(sink.sorted())


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below *folder*, hidden ones included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file in the place of the folder is reported and stays."""
    target = tmp_path / "dist"
    target.write_text("mine")
    (found,) = complaints(NEW, target)
    assert (found.rule.code, found.message) == ("EGC5010", f'"{target}" is not a folder')
    assert found.place is not None and found.place.file == str(target)
    assert tree(tmp_path) == {"dist": b"mine"}


@pytest.mark.parametrize("name", ["notes.txt", "envoy.yaml", ".hidden"])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, name: str) -> None:
    """A folder with files but no manifest is reported and stays."""
    target = tmp_path / "dist"
    target.mkdir()
    (target / name).write_text("mine")
    (found,) = complaints(NEW, target)
    assert (found.rule.code, found.message) == ("EGC5011", f'"{target}" holds files that are no bundle')
    assert tree(tmp_path) == {f"dist/{name}": b"mine"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """An empty folder holds nothing that could be lost, and neither does an older bundle."""
    target = tmp_path / "dist"
    target.mkdir()
    assert complaints(OLD, target) == []
    assert complaints(NEW, target) == []
    assert tree(tmp_path) == {f"dist/{artifact.path}": artifact.content for artifact in NEW.artifacts}
    assert (target / "tls/key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("fsync", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
        ("fchmod", PermissionError(errno.EPERM, os.strerror(errno.EPERM), "/srv/dist/tls/key")),
    ],
)
def test_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: OSError) -> None:
    """A full disk or a missing permission is reported; the old bundle stays and nothing half-made does."""
    target = tmp_path / "dist"
    assert complaints(OLD, target) == []
    before = tree(tmp_path)

    def refuse(*_: object, **__: object) -> int:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, function, refuse)
        (found,) = complaints(NEW, target)
    where = f' ("{error.filename}")' if error.filename else ""
    assert (found.rule.code, found.message) == ("EGC5012", f'cannot write "{target}": {error.strerror}{where}')
    assert tree(tmp_path) == before
    assert list(tmp_path.iterdir()) == [target]
