"""Objects that keep or break a rule: values from ``fixtures/cel``, each in the smallest object that has its place.

A file holds a list of entries; each is of a rule, which ``says`` gives by its message in the CRDs::

    - says: Rule name must be unique within the route
      code: EGC2054                       # of egc's diagnostic
      at: rules                           # the end of the places it is for; all places of that message if left out
      accepts: [[{name: a}, {name: b}]]   # values that stand at the rule's place
      refuses: [[{name: a}, {name: a}]]
      also: []                            # other rules that what it refuses cannot but break, at the same place
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from egc.compiler import KINDS
from egc.diagnostics import Diagnostic, Severity, Sink
from egc.gatewayapi import validity
from egc.kube.parse import parse
from egc.source import At, read
from tests.case import FIXTURES
from tests.cel.schema import Steps

FOLDER = FIXTURES / "cel"
DISTINCT = "entries must differ"
"""What entries for lists without a CEL rule say."""

_REF = {"name": "a", "port": 80}
_BASES: dict[str, dict[str, Any]] = {
    "Gateway": {"gatewayClassName": "eg", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
    "ListenerSet": {"parentRef": {"name": "web"}, "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
    "HTTPRoute": {},
    "GRPCRoute": {},
    "TLSRoute": {"hostnames": ["a.example"], "rules": [{"backendRefs": [_REF]}]},
    "TCPRoute": {"rules": [{"backendRefs": [_REF]}]},
    "UDPRoute": {"rules": [{"backendRefs": [_REF]}]},
    "BackendTLSPolicy": {
        "targetRefs": [{"group": "", "kind": "Service", "name": "a"}],
        "validation": {"hostname": "a.example", "wellKnownCACertificates": "System"},
    },
}
_AROUND: dict[tuple[str, str], dict[str, Any]] = {
    ("filters", "requestHeaderModifier"): {"type": "RequestHeaderModifier"},
    ("filters", "responseHeaderModifier"): {"type": "ResponseHeaderModifier"},
    ("filters", "requestMirror"): {"type": "RequestMirror"},
    ("filters", "requestRedirect"): {"type": "RequestRedirect"},
    ("filters", "urlRewrite"): {"type": "URLRewrite"},
    ("filters", "cors"): {"type": "CORS"},
    ("filters", "externalAuth"): {"type": "ExternalAuth"},
    ("requestMirror", "fraction"): {"backendRef": _REF},
    ("externalAuth", "backendRef"): {"protocol": "HTTP", "http": {}},
    ("externalAuth", "http"): {"protocol": "HTTP", "backendRef": _REF},
    ("externalAuth", "grpc"): {"protocol": "GRPC", "backendRef": _REF},
    ("backendRefs", "filters"): _REF,
    ("listeners", "tls"): {"name": "https", "protocol": "HTTPS", "port": 443},
    ("frontend", "perPort"): {"default": {}},
    ("validation", "subjectAltNames"): {"hostname": "a.example", "wellKnownCACertificates": "System"},
}
"""What must stand beside a field so that the mapping is sound, by the field around that mapping and its own name."""


@dataclass(frozen=True)
class Entry:
    """Values for one rule."""

    says: str
    code: str
    accepts: Sequence[Any]
    refuses: Sequence[Any]
    at: str = ""
    also: Sequence[str] = ()

    def fits(self, message: str, steps: Steps) -> bool:
        """Whether it is for a rule at a place."""
        return self.says == message and f".{'.'.join(steps)}".endswith(self.at and f".{self.at}")


@cache
def entries() -> list[Entry]:
    """All entries of all files."""
    return [Entry(**item) for file in sorted(FOLDER.glob("*.yaml")) for item in _items(file)]


def _items(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def whole(api_version: str, kind: str, steps: Steps, value: object) -> dict[str, Any]:
    """The smallest object of a kind that has *value* at the place of *steps*."""
    spec = _BASES[kind] | _around("spec", steps[1:], value)
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def _around(parent: str, steps: Steps, value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "[]":
        return [_around(parent, rest, value)]
    return _AROUND.get((parent, step), {}) | {step: _around(step, rest, value)}


def judged(obj: dict[str, Any]) -> tuple[set[Diagnostic], At]:
    """The errors that egc reports of an object, beside those about what it does not support; and the object's place."""
    sink = Sink()
    (document,) = read("object.yaml", yaml.safe_dump(obj, sort_keys=False), sink)
    validity.check(parse([document], KINDS, sink), sink)
    errors = {found for found in sink.found if found.severity is Severity.ERROR and found.rule.code < "EGC4"}
    return errors, At(document, ())


def within(found: Diagnostic, top: At, steps: Iterable[str]) -> bool:
    """Whether a diagnostic points to the value at the place of *steps*, or below it."""
    place = At(top.document, tuple(0 if step == "[]" else step for step in steps)).place()
    outer, inner = place.span, found.place.span if found.place is not None else None
    if outer is None or inner is None:
        return False
    return (outer.line, outer.column) <= (inner.line, inner.column) and (inner.end_line, inner.end_column) <= (
        outer.end_line,
        outer.end_column,
    )
