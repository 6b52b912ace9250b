"""What is made of the suite's own words, and of the status that it ends with; and programs that end too early."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conformance import suite
from tests.conformance.objects import Objects

_WHOLE = suite.WHOLE


def _event(action: str, test: str = "", output: str = "") -> str:
    return json.dumps({"Action": action, "Test": test, "Output": output})


def _run(folder: Path, lines: list[str], status: int) -> list[tuple[str, str]]:
    """The verdicts on a suite that says some lines."""
    (folder / "said").write_text("\n".join(lines), encoding="utf-8")
    program = folder / "test2json"
    program.write_text(f"#!/bin/sh\ncat '{folder}/said'\nexit {status}\n", encoding="ascii")
    program.chmod(0o755)
    return [(found.name, found.outcome) for found in suite.run(folder, folder, folder, "", ())]


_GOOD = [_event("run", f"{_WHOLE}/A"), _event("pass", f"{_WHOLE}/A/sub"), _event("pass", f"{_WHOLE}/A")]
_BEGUN = [_event("run", f"{_WHOLE}/B"), _event("output", f"{_WHOLE}/B", "begun")]


@pytest.mark.parametrize(
    ("lines", "status", "verdicts"),
    [
        ([*_GOOD, _event("pass", _WHOLE)], 0, ["A pass", f"{_WHOLE} pass"]),
        ([_event("fail", f"{_WHOLE}/A"), _event("fail", _WHOLE)], 1, ["A fail", f"{_WHOLE} fail"]),
        # Killed, or out of time: test2json fails of it, and no test does.
        ([*_GOOD, *_BEGUN, _event("fail")], 1, ["A pass", f"{_WHOLE} fail"]),
        ([*_GOOD, '{"Action":"pa'], -9, ["A pass", f"{_WHOLE} fail"]),
        # Went wrong after the last test, or before the first one.
        ([*_GOOD, _event("pass", _WHOLE)], 1, ["A pass", f"{_WHOLE} pass", f"{_WHOLE} fail"]),
        ([_event("pass", _WHOLE)], 0, [f"{_WHOLE} pass", f"{_WHOLE} fail"]),
        (["no such file"], 1, [f"{_WHOLE} fail"]),
    ],
)
def test_run(lines: list[str], status: int, verdicts: list[str], tmp_path: Path) -> None:
    """A run counts if it came to its end, ran something, and ended with the status that its tests call for."""
    assert [" ".join(found) for found in _run(tmp_path, lines, status)] == verdicts


_PROGRAM = """
import sys, threading, time
from pathlib import Path
from tests.conformance import processes
processes.heed()
with processes.running(["sh", "-c", sys.argv[1]], Path(sys.argv[2])):
    time.sleep(float(sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("script", "seconds", "error"),
    [
        ("echo no space; sleep 0.3; exit 3", 20, "sh ended with status 3; at last log says: no space"),
        ("sleep 20", 0.1, ""),
    ],
)
def test_a_program_that_ends(script: str, seconds: float, error: str, tmp_path: Path) -> None:
    """Its end is the end of all, at once and with its last words, unless it is time for it."""
    begun = time.monotonic()
    command = [sys.executable, "-c", _PROGRAM, script, str(tmp_path / "log"), str(seconds)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert (error in done.stderr, bool(done.returncode)) == (True, bool(error))
    assert time.monotonic() - begun < 10


class _Client:
    """An API server that breaks off each watch, in ways of its own."""

    def __init__(self) -> None:
        self.version = 0
        self.broken = 0

    def get(self, resource: object, **_: object) -> Any:
        self.version += 1
        if self.version == 2:
            raise ConnectionError
        item = {"metadata": {"name": "web", "resourceVersion": str(self.version)}}
        listed = {"metadata": {"resourceVersion": str(self.version)}, "items": [item]}
        return cast("Any", type("Answer", (), {"json": lambda _: listed})())

    def watch(self, resource: object, **options: Any) -> Iterator[Mapping[str, Any]]:
        assert options["timeout"] > 0, "the client would go on from where it began"
        self.broken += 1
        yield {"type": "ADDED", "raw_object": {"metadata": {"name": f"from-{options['resource_version']}"}}}
        raise TypeError("half a line")


def test_a_watch_goes_on() -> None:
    """Whatever breaks, what there is is read anew."""
    objects, client = object.__new__(Objects), _Client()
    objects._client = cast("Any", client)
    objects._found, objects._changed, objects._revision, objects._ended = {"Pod": {}}, threading.Condition(), 0, False
    resource = cast("Any", type("Resource", (), {"group_version": "v1"}))
    thread = threading.Thread(target=objects._watch, args=("Pod", resource, None), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while client.version < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    objects.__exit__()
    thread.join(10)
    assert client.version >= 4 and client.broken >= 2
    assert "web" in [item["metadata"]["name"] for item in objects.of("Pod")]
