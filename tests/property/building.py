"""Builds of documents that no file holds yet."""

import contextlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from egc.compiler import Build, build
from egc.diagnostics import Diagnostic, Sink
from egc.options import OnError, Options

PROFILE = "egc.yaml"


@dataclass(frozen=True)
class Outcome:
    """What came of a build."""

    built: Build
    diagnostics: tuple[Diagnostic, ...]

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the bundle; none if nothing may be written."""
        bundle = self.built.bundle
        return {artifact.path: artifact.content for artifact in bundle.artifacts} if bundle is not None else {}

    @property
    def bootstrap(self) -> dict[str, Any]:
        """Envoy's configuration, of a build that asked for JSON."""
        found: dict[str, Any] = json.loads(self.files["envoy.json"])
        return found


def text_of(documents: Iterable[object]) -> str:
    """Documents as YAML; any character may stand in them."""
    return str(yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False, explicit_start=True))


def build_texts(texts: Mapping[str, str], **options: Any) -> Outcome:
    """Build texts as if they were files; one named egc.yaml is the host profile. Envoy is not asked."""
    sink = Sink()
    paths = tuple(name for name in texts if name != PROFILE)
    settings = {
        "on_error": OnError.FAIL,
        "validate": False,
        "profile": PROFILE if PROFILE in texts else None,
        **options,
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, text in texts.items():
            Path(name).write_bytes(text.encode())
        built = build(Options(paths, **settings), sink)
    return Outcome(built, sink.sorted())
