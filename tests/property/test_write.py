"""A folder is one bundle or another, whole, whenever the build that writes it is killed."""

import fcntl
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from egc.artifacts.artifact import Artifact
from egc.artifacts.bundle import Bundle
from egc.artifacts.write import write
from egc.diagnostics import Sink

ROUNDS = 40


def bundle(name: str) -> Bundle:
    """A bundle of a few files, each of which says which bundle it is of."""
    files = [Artifact("envoy.yaml", name.encode() * 20_000), Artifact("tls/a/b/tls.key", name.encode() * 99, 0o600)]
    files += [Artifact(f"{name}/{i}.yaml", f"{name}{i}".encode()) for i in range(3)]
    digests = {artifact.path: hashlib.sha256(artifact.content).hexdigest() for artifact in files}
    manifest = json.dumps({"egc": "0", "name": name, "files": digests}).encode()
    return Bundle((*files, Artifact("manifest.json", manifest)))


BUNDLES = (bundle("one"), bundle("two"))


def written(made: Bundle, folder: Path) -> None:
    """Write a bundle; nothing may be wrong with that."""
    sink = Sink()
    write(made, folder, sink)
    assert not sink.found


def whole(folder: Path) -> str:
    """The name of the bundle in a folder, each of whose files is as the manifest says, and which has no others."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    digests = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert digests == manifest["files"]
    assert (folder / "tls/a/b/tls.key").stat().st_mode & 0o777 == 0o600
    return str(manifest["name"])


def until_changed(folder: Path) -> None:
    """Wait until the folder is another, so that every round writes something however slow the machine is."""
    began, before = time.monotonic(), inode(folder)
    while inode(folder) == before:
        assert time.monotonic() < began + 30
        time.sleep(0.001)


def inode(folder: Path) -> int:
    """What tells the folder from another of its name."""
    return folder.stat().st_ino if folder.exists() else 0


@contextmanager
def nursery(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that, for each line it reads, starts a child that writes both bundles in turn, and prints its id."""
    command = [sys.executable, "-m", "tests.property.test_write", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()
    assert process.returncode == 0


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """After each of many kills the folder is one of the two bundles, and what was left beside it does not add up."""
    began = time.perf_counter()
    for made in BUNDLES:
        written(made, tmp_path / "trial" / "dist")
    both = time.perf_counter() - began
    folder = tmp_path / "here" / "dist"
    moments = random.Random(1)
    seen: list[str] = []
    left: list[int] = []
    with nursery(folder) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        for _ in range(ROUNDS):
            print("go", file=parent.stdin, flush=True)
            child = int(parent.stdout.readline())
            until_changed(folder)
            time.sleep(moments.uniform(0, 2 * both))
            os.kill(child, signal.SIGKILL)
            assert parent.stdout.readline() == "dead\n"
            seen.append(whole(folder))
            left.append(len(set(folder.parent.glob("*")) - {folder}))
    assert set(seen) == {"one", "two"}
    assert max(left) == 1  # each build removes what the one before it left
    for made in BUNDLES:
        written(made, folder)
    assert whole(folder) == "two"
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("name", [".dist.egc-note", ".dist.egc-12345678.bak", ".dist.abcdefgh", ".other.egc-12345678"])
def test_only_leftovers_are_removed(tmp_path: Path, name: str) -> None:
    """What is only named alike is left alone."""
    (tmp_path / name).mkdir()
    (tmp_path / ".dist.egc-1_34567z").mkdir()
    written(BUNDLES[0], tmp_path / "dist")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "dist"])


def test_what_another_build_writes_is_left_alone(tmp_path: Path) -> None:
    """While another build writes beside the folder, nothing is removed; afterwards it is."""
    unfinished = tmp_path / ".dist.egc-12345678"
    unfinished.mkdir()
    around = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(around, fcntl.LOCK_SH)
    written(BUNDLES[0], tmp_path / "dist")
    assert unfinished.exists()
    os.close(around)
    written(BUNDLES[1], tmp_path / "dist")
    assert not unfinished.exists()


def test_the_only_copy_is_left_alone(tmp_path: Path) -> None:
    """A bundle that was moved aside, where folders cannot be exchanged, stays until there is another."""
    aside = tmp_path / ".dist.egc-12345678.old"
    aside.mkdir()
    written(BUNDLES[0], tmp_path / "dist")
    assert aside.exists()
    written(BUNDLES[1], tmp_path / "dist")
    assert not aside.exists()


def breed(folder: Path) -> None:
    """Be the parent of children that write until they are killed."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            for made in cycle(BUNDLES):
                written(made, folder)
        os.write(1, f"{child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    breed(Path(sys.argv[1]))
