"""The suite itself: run as it is, by options only, and what it said of each test."""

import contextlib
import difflib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

import egc
from tests.conformance.controller import USABLE_ADDRESS

GATEWAY_CLASS = "gateway-conformance"
PROFILES = ("GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "GATEWAY-UDP")
UNUSABLE_ADDRESS = "gateway.invalid"
"""A Gateway asks for the address by a name, which egc knows as a type and cannot bind."""

_PROJECT = "https://pypi.org/project/egc"
WHOLE = "TestConformance"
"""What Go calls the whole run: its setup and its end belong to no test."""

_LIMIT = "60m"

OUTCOMES = ("pass", "fail", "skip")


@dataclass(frozen=True)
class Listed:
    """A test of the suite, and the profiles that count it: as core or extended, by their names."""

    name: str
    profiles: dict[str, str]


@dataclass
class Verdict:
    """What became of a test."""

    name: str
    outcome: str
    """One of OUTCOMES."""
    seconds: float
    """Since the verdict before."""
    said: list[str] = field(default_factory=list)
    """Lines."""


def catalogue(programs: Path) -> dict[str, Listed]:
    """Every test of the suite, by its name; those of service meshes are none of ours."""
    listed = json.loads(subprocess.run([programs / "catalogue"], check=True, stdout=subprocess.PIPE).stdout)
    return {entry["name"]: Listed(**entry) for entry in listed}


def check(only: str, catalogue: Iterable[str]) -> None:
    """BadParameter if *only* is no pattern, or no test's name matches it."""
    try:
        pattern = re.compile(only)
    except re.error as error:
        raise click.BadParameter(f"{only} is no regular expression: {error}") from error
    if only and not any(map(pattern.fullmatch, catalogue)):
        near = difflib.get_close_matches(only, catalogue)
        raise click.BadParameter(f"no test is called {only}" + (f"; did you mean {' or '.join(near)}?" if near else ""))


def run(programs: Path, kubeconfig: Path, report: Path, only: str, options: Iterable[str]) -> Iterator[Verdict]:
    """Run the tests whose names match *only*, all if it is empty; each verdict as it comes, the last on the whole."""
    wanted = f"^{WHOLE}$" + (f"/^({only})$" if only else "")
    command: list[str | Path] = [
        *(programs / "test2json", "-t", programs / "suite", "-test.v=test2json"),
        *(f"-test.run={wanted}", f"-test.timeout={_LIMIT}", "-test.parallel=1"),
        f"--gateway-class={GATEWAY_CLASS}",
        f"--conformance-profiles={','.join(PROFILES)}",
        *(f"--usable-address={USABLE_ADDRESS}", f"--unusable-address={UNUSABLE_ADDRESS}"),
        *(f"--report-output={report}", "--organization=egc", "--project=egc", f"--url={_PROJECT}"),
        *(f"--version={egc.__version__}", "--contact=@egc"),
        *options,
    ]
    with _started(command, {**os.environ, "KUBECONFIG": os.fspath(kubeconfig)}) as go:
        said: dict[str, list[str]] = {}
        outcomes: dict[str, str] = {}
        for verdict in _verdicts(go.stdout or (), said):
            outcomes[verdict.name] = verdict.outcome
            yield verdict
    # A suite that is killed, or gives up, says so by its status alone, and test2json has no other one than 1.
    done = WHOLE in outcomes and len(outcomes) > 1
    if not done or bool(go.returncode) is not ("fail" in outcomes.values()):
        lines = [f"the suite ended with status {go.returncode}, after {len(outcomes)} verdicts; without one:"]
        lines += [name or WHOLE for name in said]
        yield Verdict(WHOLE, "fail", 0.0, lines + [line for name in said for line in said[name]])


def _verdicts(lines: Iterable[str], said: dict[str, list[str]]) -> Iterator[Verdict]:
    """What test2json tells; *said* is left with what tests without a verdict said."""
    last = 0.0
    for line in lines:
        event = _event(line)
        action: str = event["Action"]
        whole, _, name = event.get("Test", "").partition("/")
        last = last or (time.monotonic() if name else 0.0)
        if action == "output":
            said.setdefault(name.partition("/")[0], []).append(event["Output"].rstrip("\n"))
        elif action in OUTCOMES and whole and "/" not in name:
            # Go's own figure holds the time in which tests that run in parallel wait for their turn.
            last, before = time.monotonic(), last
            yield Verdict(name or WHOLE, action, last - before, said.pop(name, []))


def _event(line: str) -> dict[str, Any]:
    if line.startswith("{"):
        with contextlib.suppress(json.JSONDecodeError):  # it may be cut off
            event: dict[str, Any] = json.loads(line)
            return event
    return {"Action": "output", "Output": line}


@contextlib.contextmanager
def _started(command: list[str | Path], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """In a session of its own, with which it ends: test2json ignores interrupts, and does not kill what it runs."""
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True}
    with subprocess.Popen(command, env=environment, text=True, errors="replace", **options) as go:
        try:
            yield go
            go.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(go.pid, signal.SIGKILL)
