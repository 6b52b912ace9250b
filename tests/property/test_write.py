"""A folder is the old bundle or the new one, at whatever moment the writer dies."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from egc.artifacts.bundle import Artifact, Bundle
from egc.artifacts.write import MANIFEST, write
from egc.diagnostics import Sink

ROUNDS = 30
# Two bundles of many files in turn, for ever.
PROGRAM = """
import sys
from pathlib import Path
from egc.diagnostics import Sink
from egc.artifacts.write import write
from tests.property.test_write import bundle
while True:
    for letter in "ab":
        sink = Sink()
        write(bundle(letter), Path(sys.argv[1]), sink)
        assert not sink.failed, sink.sorted()
"""


def bundle(letter: str) -> Bundle:
    """A bundle whose every file tells which of the two it is of."""
    files = [Artifact(f"{letter}/{i}.yaml", f"{letter}{i}\n".encode() * 500, 0o600) for i in range(12)]
    files.append(Artifact("envoy.yaml", letter.encode() * 50_000))
    digests = {file.path: sha256(file.content).hexdigest() for file in files}
    return Bundle((*files, Artifact(MANIFEST, json.dumps({"egc": "1", "files": digests}).encode())))


def is_whole(folder: Path) -> bool:
    """Whether the folder holds just what its manifest says."""
    digests = json.loads((folder / MANIFEST).read_text())["files"]
    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST}
    return found.keys() == digests.keys() and all(
        sha256(path.read_bytes()).hexdigest() == digests[name] for name, path in found.items()
    )


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """After a kill the folder is whole, and the next build clears away what the dead one left."""
    chance = random.Random(20_261_121)
    folder = tmp_path / "dist"
    write(bundle("a"), folder, Sink())
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    seen: set[bytes] = set()
    for _ in range(ROUNDS):
        with subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], env=environment) as process:
            before = folder.stat().st_ino
            while folder.stat().st_ino == before and process.poll() is None:
                time.sleep(0.001)  # until it writes
            time.sleep(chance.random() * 0.05)
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        assert is_whole(folder)
        seen.add((folder / "envoy.yaml").read_bytes()[:1])
    assert seen == {b"a", b"b"}
    write(bundle("a"), folder, Sink())
    write(bundle("b"), folder, Sink())
    assert (folder / "b").is_dir() and is_whole(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]
