"""The Go programs: the suite, its backends and a Kubernetes API server, compiled from the modules of go.mod."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import certifi
import click

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "build" / "conformance" / "programs"
"""Holds the programs, by their names."""

_SUITE = "sigs.k8s.io/gateway-api/conformance"

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "suite": ("test", "-c", _SUITE),
    "echo-basic": ("build", f"{_SUITE}/echo-basic"),
    "etcd": ("build", "./etcd"),
    "apiserver": ("build", "./apiserver"),
    "dns": ("build", "./dns"),
    "catalogue": ("build", "./catalogue"),
    "test2json": ("build", "cmd/test2json"),
}
"""How Go compiles each."""

_OPTIONS = ("-trimpath", "-buildvcs=false", "-ldflags=-s -w")


def build(names: Iterable[str] = COMMANDS) -> None:
    """Compile what has changed since the last time into FOLDER, some minutes the first one. ClickException."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        verb, *arguments = COMMANDS[name]
        said = f"go {verb} {arguments[-1]}"
        click.echo(said)
        command = [_go(), verb, *_OPTIONS, "-o", os.fspath(FOLDER / name), *arguments]
        if subprocess.run(command, cwd=HERE, check=False, env=_ENVIRONMENT).returncode:
            raise click.ClickException(f"{said}: failed; what Go says is above")


def module(path: str) -> Path:
    """The folder of a module's source, of the version in go.mod."""
    return Path(_said("list", "-m", "-f", "{{.Dir}}", path).strip())


def download(version: str) -> Path:
    """The folder of a module's source, of a version that no program depends on: path@version."""
    return Path(json.loads(_said("mod", "download", "-json", version))["Dir"])


def _said(*arguments: str) -> str:
    done = subprocess.run(
        [_go(), *arguments], cwd=HERE, check=False, env=_ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise click.ClickException(f"go {' '.join(arguments)}: failed; what Go says is above")
    return done.stdout


def _go() -> str:
    """The Go of this virtual environment, which has the version that go.mod asks for, else the system's."""
    beside = Path(sys.executable).with_name("go")
    found = os.fspath(beside) if beside.exists() else shutil.which("go")
    if found is None:
        raise click.ClickException("there is no Go; `make conformance` installs it")
    return found


def _authorities() -> dict[str, str]:
    """Go trusts the system's certificates, and minimal systems have none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        return {}
    return {"SSL_CERT_FILE": certifi.where()}


_ENVIRONMENT = {**os.environ, **_authorities(), "CGO_ENABLED": "0"}
