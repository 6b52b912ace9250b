"""Diagnostics for programs: JSON, GitHub workflow commands and SARIF."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from inspect import cleandoc
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from egc.diagnostics.excerpt import Lines
from egc.diagnostics.place import Place
from egc.diagnostics.printable import printable
from egc.diagnostics.rule import Rule, Severity
from egc.diagnostics.sink import Diagnostic
from egc.diagnostics.text import render, where_to

_FORMAT_VERSION = "1"
_MARKED = 200  # characters of the marked text that identify a finding
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# What GitHub decodes: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_IN_DATA = "%\r\n"
_IN_PROPERTY = "%\r\n:,"


@dataclass(frozen=True)
class Settings:
    """What some formats need to know besides the diagnostics: the terminal, and egc's version."""

    color: bool = False
    width: int = 100
    version: str = ""


def to_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One object; under ``diagnostics`` the list of what was found, in the order of the files."""
    found = [_entry(d) for d in _sorted(diagnostics)]
    return json.dumps({"format_version": _FORMAT_VERSION, "diagnostics": found}, indent=2)


def to_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands, one per line: https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    return "\n".join(map(_command, _sorted(diagnostics)))


def to_sarif(diagnostics: Sequence[Diagnostic], version: str) -> str:
    """A SARIF 2.1.0 log by egc *version*, in the subset that GitHub code scanning reads.

    GitHub refuses a whole log for one result without a location, so what has no place is a notification of the run.
    """
    found = _sorted(diagnostics)
    rules = sorted({d.rule.code: d.rule for d in found}.values(), key=lambda rule: rule.code)
    indexes = {rule.code: index for index, rule in enumerate(rules)}
    notes = [_notification(d, indexes) for d in found if d.place is None]
    run = {
        "tool": {"driver": {"name": "egc", "version": version, "rules": [_descriptor(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": all(note["level"] != Severity.ERROR.value for note in notes),
                "toolConfigurationNotifications": notes,
            }
        ],
        "results": list(_results(found, indexes)),
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


FORMATS: Mapping[str, Callable[[Sequence[Diagnostic], Settings], str]] = {
    "text": lambda diagnostics, settings: render(diagnostics, color=settings.color, width=settings.width),
    "json": lambda diagnostics, _: to_json(diagnostics),
    "github": lambda diagnostics, _: to_github(diagnostics),
    "sarif": lambda diagnostics, settings: to_sarif(diagnostics, settings.version),
}


def _sorted(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=Diagnostic.order)


def _entry(diagnostic: Diagnostic) -> dict[str, Any]:
    rule = diagnostic.rule
    return {
        "code": rule.code,
        "severity": diagnostic.severity.value,
        "title": rule.title,
        "message": diagnostic.message,
        "help": diagnostic.help,
        **({"condition": rule.condition} if rule.condition else {}),
        "place": _place(diagnostic.place) if diagnostic.place else None,
        "related": [{"message": label.text, "place": _place(label.place)} for label in diagnostic.related],
    }


def _place(place: Place) -> dict[str, Any]:
    span = place.span
    return {
        "file": place.file,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "endLine": span.end_line if span else None,
        "endColumn": span.end_column if span else None,
    }


def _command(diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    properties: dict[str, str | int] = {"file": printable(place.file)} if place else {}
    if place and place.span:
        span = place.span
        if span.line == span.end_line:
            properties |= {"line": span.line, "col": span.column, "endLine": span.line, "endColumn": span.end_column}
        else:
            # Columns are for ranges within a line:
            # https://github.com/actions/toolkit/blob/main/packages/core/src/core.ts (AnnotationProperties)
            properties |= {"line": span.line, "endLine": span.end_line}
    properties["title"] = diagnostic.rule.code
    written = ",".join(f"{name}={_percent(str(value), _IN_PROPERTY)}" for name, value in properties.items())
    said = [diagnostic.message, *(f"{where_to(label.place)}: {label.text}" for label in diagnostic.related)]
    text = "\n".join([*said, *([f"help: {diagnostic.help}"] if diagnostic.help else [])])
    lines = "\n".join(map(printable, text.split("\n")))
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_percent(lines, _IN_DATA)}"


def _percent(text: str, special: str) -> str:
    return "".join(f"%{ord(ch):02X}" if ch in special else ch for ch in text)


def _descriptor(rule: Rule) -> dict[str, Any]:
    explanation = cleandoc(rule.explanation)
    first_paragraph = " ".join(explanation.split("\n\n")[0].split())
    advice = "\n\n".join(filter(None, (explanation, rule.help))) or rule.title
    return {
        "id": rule.code,
        "name": "".join(word[0].upper() + word[1:] for word in re.findall(r"\w+", rule.title)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": first_paragraph or rule.title},
        "help": {"text": advice, "markdown": advice},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _results(found: Sequence[Diagnostic], indexes: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    lines, seen = Lines(), Counter[str]()
    for diagnostic in found:
        if diagnostic.place is None:
            continue
        fingerprint = _fingerprint(diagnostic, diagnostic.place, lines)
        seen[fingerprint] += 1
        related = [
            {"id": number, **_location(label.place), "message": {"text": label.text}}
            for number, label in enumerate(diagnostic.related, 1)
        ]
        yield {
            "ruleId": diagnostic.rule.code,
            "ruleIndex": indexes[diagnostic.rule.code],
            "level": diagnostic.severity.value,
            "message": _message(diagnostic),
            "locations": [_location(diagnostic.place)],
            **({"relatedLocations": related} if related else {}),
            # Not primaryLocationLineHash: GitHub's upload action computes that one itself, and warns of any other value
            # https://github.com/github/codeql-action/blob/main/src/fingerprints.ts
            "partialFingerprints": {"egcFinding/v1": f"{fingerprint}:{seen[fingerprint]}"},
        }


def _notification(diagnostic: Diagnostic, indexes: Mapping[str, int]) -> dict[str, Any]:
    code = diagnostic.rule.code
    return {
        "associatedRule": {"id": code, "index": indexes[code]},
        "level": diagnostic.severity.value,
        "message": _message(diagnostic),
    }


def _message(diagnostic: Diagnostic) -> dict[str, str]:
    return {"text": "\n".join(filter(None, (diagnostic.message, diagnostic.help)))}


def _location(place: Place) -> dict[str, Any]:
    span = place.span
    region = {"startLine": 1}  # GitHub wants a region; the whole file is shown at its head
    if span:
        region = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}


def _uri(file: str) -> str:
    """A relative reference for a relative path, so that GitHub finds it in the repository."""
    path = quote(str(PurePosixPath(file)), errors="surrogateescape")
    return f"file://{path}" if path.startswith("/") else path


def _fingerprint(diagnostic: Diagnostic, place: Place, lines: Lines) -> str:
    """What stays the same when lines above come and go."""
    parts = (diagnostic.rule.code, place.file, diagnostic.message, lines.marked(place, _MARKED))
    return sha256("\0".join(parts).encode(errors="backslashreplace")).hexdigest()[:32]
