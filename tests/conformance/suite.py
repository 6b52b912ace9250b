"""The suite itself: run as it is, by options only, and what it said of each test."""

import difflib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
    environment = {**os.environ, "KUBECONFIG": os.fspath(kubeconfig), "NO_PROXY": "*"}
    said: dict[str, list[str]] = {}
    last = 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as go:
        for line in go.stdout or ():
            event = json.loads(line) if line.startswith("{") else {"Action": "output", "Output": line}
            action: str = event["Action"]
            whole, _, name = event.get("Test", "").partition("/")
            last = last or (time.monotonic() if name else 0.0)
            if action == "output":
                said.setdefault(name.partition("/")[0], []).append(event["Output"].rstrip("\n"))
            elif action in OUTCOMES and whole and "/" not in name:
                # Go's own figure holds the time in which tests that run in parallel wait for their turn.
                last, before = time.monotonic(), last
                yield Verdict(name or WHOLE, action, last - before, said.pop(name, []))
    if go.returncode not in {0, 1} or not last:
        yield Verdict(WHOLE, "fail", 0.0, [f"the suite ended with status {go.returncode}", *said.pop("", [])])
