"""The rules of the CRDs of the Gateway API, each at its place in a version of a kind."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CRDS = Path(os.environ.get("EGC_CRDS") or Path(__file__).parents[3] / "shared" / "crds")

Schema = Mapping[str, Any]
Steps = tuple[str, ...]
"""The way to a node: the names of fields, and ``[]`` for the items of a list."""


@dataclass(frozen=True)
class Expression:
    """A rule in CEL at one place: ``self`` is the value at ``steps``."""

    api_version: str
    kind: str
    steps: Steps
    text: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.api_version.rpartition('/')[2]} {'.'.join(self.steps)}: {self.message}"


@dataclass(frozen=True)
class Distinct:
    """A list at one place whose entries must differ: as a whole, or (``keys``) in some of their fields."""

    api_version: str
    kind: str
    steps: Steps
    keys: Steps

    def __str__(self) -> str:
        return f"{self.kind} {self.api_version.rpartition('/')[2]} {'.'.join(self.steps)}"


@cache
def schemas() -> Mapping[tuple[str, str], Schema]:
    """The schema of each served version of each kind."""
    return read(sorted(CRDS.glob("gateway-api/*.yaml")))


def read(files: Iterable[Path]) -> Mapping[tuple[str, str], Schema]:
    """The same of the CRDs in some files."""
    found: dict[tuple[str, str], Schema] = {}
    for body in (body for file in files for body in yaml.load_all(file.read_bytes(), yaml.CSafeLoader)):
        spec = body["spec"] if body.get("kind") == "CustomResourceDefinition" else {"versions": []}
        for version in spec["versions"]:
            if version["served"]:
                name = f"{spec['group']}/{version['name']}"
                found[name, spec["names"]["kind"]] = version["schema"]["openAPIV3Schema"]
    return found


def expressions(kinds: Mapping[tuple[str, str], Schema] | None = None) -> Iterator[Expression]:
    """Every rule at every place, in all kinds or in these."""
    for (api_version, kind), schema in (schemas() if kinds is None else kinds).items():
        for steps, node in nodes(schema):
            for rule in node.get("x-kubernetes-validations", ()):
                yield Expression(api_version, kind, steps, rule["rule"], rule["message"])


def distinct(kinds: Mapping[tuple[str, str], Schema] | None = None) -> Iterator[Distinct]:
    """Every list whose entries must differ, in all kinds or in these."""
    for (api_version, kind), schema in (schemas() if kinds is None else kinds).items():
        for steps, node in nodes(schema["properties"]["spec"], ("spec",)):
            if node.get("x-kubernetes-list-type") in ("set", "map"):
                yield Distinct(api_version, kind, steps, tuple(node.get("x-kubernetes-list-map-keys", ())))


def nodes(schema: Schema, steps: Steps = ()) -> Iterator[tuple[Steps, Schema]]:
    """A schema and all schemas below it."""
    yield steps, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, (*steps, name))
    if isinstance(schema.get("items"), dict):
        yield from nodes(schema["items"], (*steps, "[]"))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], (*steps, "{}"))
