"""A host below a folder: bundles as they are copied to it, and `egc-site` there."""

import contextlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from egc_host import bundle as bundles
from egc_host.supervisor.client import NotRunning, ask

from tests.host.bundles import Layout, make_bundle, write_manifest

HOOKS = Path(__file__).parents[2] / "hooks"

FILES = {
    "bin/egc-envoy": b"#!/bin/sh\n",
    "bin/egc-site": b"#!/bin/sh\n",
    "systemd/egc-envoy.service": b"[Service]\nExecStart=true\n",
    "systemd/egc-cert-sync.timer": b"[Timer]\nOnCalendar=hourly\n",
    "systemd/sysusers.conf": b"u envoy -\n",
    "systemd/sysctl.conf": b"-net.ipv4.tcp_migrate_req = 1\n",
}
"""What a real bundle has besides the configuration."""


@dataclass
class Host:
    """A host in miniature; what root owns lies below ``root``."""

    root: Path
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = Layout(self.root)

    @property
    def site(self) -> Path:
        """The folder of the site's releases."""
        return self.root / "opt" / "egc" / "site"

    def current(self) -> str | None:
        """The digest of the current release."""
        link = self.site / "current"
        return link.readlink().name if link.is_symlink() else None

    def releases(self) -> set[str]:
        """What lies in the folder of releases, whatever it is."""
        return {path.name for path in (self.site / "releases").iterdir()}

    def bundle(self, version: str = "v1", files: Mapping[str, bytes | None] | None = None, **host: Any) -> Path:
        """A bundle; *files* are added or, with None, left out; *host* is merged into host.json."""
        folder = make_bundle(self.layout, version)
        listed = json.loads((folder / "manifest.json").read_bytes())["files"]
        contents = {name: (folder / name).read_bytes() for name in listed}
        contents |= {name: text for name, text in {**FILES, **(files or {})}.items() if text is not None}
        told = json.loads(contents["host.json"])
        told["directories"]["releases"] = "/opt/egc"
        contents["host.json"] = json.dumps(told | host).encode()
        write_manifest(folder, contents)
        modes(folder, {name: 0o755 for name in contents if name.startswith("bin/")})
        return folder

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line of `egc-site`, below this host's root."""
        name, *rest = (os.fspath(argument) for argument in arguments)
        return [sys.executable, "-m", "egc_host.site", name, "--prefix", os.fspath(self.root), *rest]

    def run(self, *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run `egc-site`."""
        command = self.command(*arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings(**environment))


def surroundings(**more: str) -> dict[str, str]:
    """The environment in which the package of the host is found."""
    return {**os.environ, "PYTHONPATH": os.fspath(HOOKS), **more}


def modes(folder: Path, wanted: Mapping[str, int]) -> None:
    """Give files of a bundle other modes, in its manifest too."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, mode in wanted.items():
        manifest["files"][name]["mode"] = f"{mode:04o}"
        (folder / name).chmod(mode)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def digest(folder: Path) -> str:
    """The digest that a bundle is called by."""
    return bundles.read(folder).digest


def tree(folder: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """All below a folder: mode, time of the last change, and contents or where a link leads to."""
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content: bytes | str = b""
        if path.is_symlink():
            content = os.fspath(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, content)
    return found


class Served:
    """A host whose site is served by a real supervisor and a real Envoy, while the context is open."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.host = Host(Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="egc-"))))
        # Whoever runs this, whatever users the host has. A reload waits for the drain before it.
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.host.layout.envoy = {"user": user, "drainTime": 0, "parentShutdownTime": 1}

    def __enter__(self) -> Self:
        with self._stack as stack:
            self.first = self.host.bundle("v1")
            installed = self.host.run("install", self.first)
            assert installed.returncode == 0, installed.stderr
            run = [sys.executable, "-m", "egc_host.supervisor.main", "run", os.fspath(self.host.site / "current")]
            log = stack.enter_context((self.host.root / "log").open("wb"))
            self.process = subprocess.Popen(run, stdout=log, stderr=log, env=surroundings())
            stack.callback(self._stop)
            deadline = time.monotonic() + 60
            while self.status().get("state") != "serving":
                assert time.monotonic() < deadline and self.process.poll() is None, self.log()
                time.sleep(0.05)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def status(self) -> dict[str, Any]:
        """What the supervisor says; nothing while it does not answer."""
        try:
            return ask(self.host.layout.run, {"command": "status"}, 10)
        except NotRunning:
            return {}

    def version(self) -> str:
        """The version that requests see."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.host.layout.http}/version", timeout=10) as answer:
            return str(answer.headers["x-version"])

    def log(self) -> str:
        """What the supervisor and Envoy said."""
        return (self.host.root / "log").read_text(errors="replace")
