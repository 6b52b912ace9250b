"""One host that egc builds for: what a bundle of it serves, by its own supervisor and a real Envoy."""

import contextlib
import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.conformance import processes
from tests.conformance.objects import Object
from tests.serve import envoy_binary

_PATIENCE = 30.0
_ASIDE: dict[str, Any] = {"capture_output": True, "text": True, "start_new_session": True}
"""An interrupt from the terminal is not for what is asked here."""

_DEFECT = 3
"""The exit code of egc that says that it is at fault itself."""


class SiteError(Exception):
    """egc or the supervisor failed; the message holds what it said."""


class Site:
    """The host. Bundles and logs are below *folder*; what runs is stopped at the end of ``with``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = folder / "current"
        self._built = 0
        self._served: Path | None = None
        self._running, self._is_running = contextlib.ExitStack(), False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def bootstrap(self) -> dict[str, Any]:
        """The configuration that Envoy runs with; empty before there is one."""
        if self._served is None:
            return {}
        bootstrap: dict[str, Any] = yaml.load((self._served / "envoy.yaml").read_bytes(), yaml.CSafeLoader)
        return bootstrap

    def serve(self, objects: Iterable[Object], addresses: Mapping[str, list[str]]) -> list[Object]:
        """Build the objects and serve the result; every object's status. SiteError if it is not served."""
        self._built += 1
        bundle = self._folder / f"bundle-{self._built}"
        statuses = self._build(objects, addresses, bundle)
        if _content(bundle) != _content(self._served):
            self._offer(bundle)
            self._reload()
            self._served = bundle
        return statuses

    def _build(self, objects: Iterable[Object], addresses: Mapping[str, list[str]], bundle: Path) -> list[Object]:
        source, profile, statuses = (self._folder / name for name in ("cluster.yaml", "egc.yaml", "status.yaml"))
        source.write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper), encoding="utf-8")
        profile.write_text(yaml.safe_dump(self._profile(addresses)), encoding="utf-8")
        statuses.unlink(missing_ok=True)  # nobody is told of those of the build before
        egc = Path(sys.executable).with_name("egc")
        options: list[str | Path] = ["--profile", profile, "--on-error", "degrade", "--status", statuses, "-o", bundle]
        built = subprocess.run([egc, "build", source, *options], check=False, **_ASIDE)
        with (self._folder / "egc.log").open("a", encoding="utf-8") as log:
            log.write(f"build {self._built}: status {built.returncode}\n{built.stderr}\n")
        if not (bundle.is_dir() and statuses.exists()) or built.returncode == _DEFECT:
            raise SiteError(f"egc build ended with status {built.returncode}:\n{built.stderr}")
        listed: list[Object] = yaml.load(statuses.read_bytes(), yaml.CSafeLoader) or []
        return listed

    def _offer(self, bundle: Path) -> None:
        spare = self._folder / "spare"
        spare.symlink_to(bundle.name)
        spare.rename(self._current)
        for other in self._folder.glob("bundle-*"):  # the supervisor has a copy of what it serves
            if other not in {bundle, self._served}:
                shutil.rmtree(other)

    def _reload(self) -> None:
        program = self._current / "bin" / "egc-envoy"
        if not self._is_running:
            run = processes.running([program, "run", self._current], self._folder / "envoy.log", signal.SIGTERM)
            self._running.enter_context(run)
            self._is_running = True
            self._until_serving()
            return
        command: list[str | Path] = [program, "reload", "--run-dir", self._folder / "run"]
        done = subprocess.run(command, check=False, **_ASIDE)
        if done.returncode:
            raise SiteError(f"the bundle is not served:\n{done.stdout}{done.stderr}")

    def _until_serving(self) -> None:
        command: list[str | Path] = [
            self._current / "bin" / "egc-envoy",
            "status",
            "--run-dir",
            self._folder / "run",
            "--json",
        ]
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            done = subprocess.run(command, check=False, **_ASIDE)
            if done.returncode == 0 and json.loads(done.stdout)["state"] == "serving":
                return
            time.sleep(0.05)
        raise SiteError("the supervisor does not serve the first bundle; envoy.log says why")

    def _profile(self, addresses: Mapping[str, list[str]]) -> dict[str, Any]:
        return {
            "target": "systemd",
            "addresses": dict(addresses),
            "directories": {name: os.fspath(self._folder / name) for name in ("run", "state", "releases")},
            "metrics": {"enabled": False},
            # In a cluster there is no certbot: a Secret that does not exist is at fault.
            "certificates": {"directory": os.fspath(self._folder / "tls"), "unknown": "error"},
            "envoy": {
                "path": os.fspath(envoy_binary()),
                "user": getpass.getuser(),
                "concurrency": 1,
                "drainTime": "0s",
                "parentShutdownTime": "1s",
                "stopDrainTime": "0s",
            },
        }


def _content(bundle: Path | None) -> Any:
    """What is served of a bundle, by digests."""
    if bundle is None:
        return None
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    return {name: of for name, of in manifest["files"].items() if name != "status.yaml"}
