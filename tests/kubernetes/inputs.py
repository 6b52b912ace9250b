"""The objects of the fixtures, each as it is sent to an API server, and where it stands.

Documents are found without egc's reader and sent as they are written: how YAML is read is judged, too. What egc's
reader has to do first (variables, the items of a List) is sent as JSON.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from egc.source import At, Document
from tests.case import FIXTURES, Case, cases, load
from tests.cel.objects import DISTINCT, entries, whole
from tests.cel.schema import Distinct, Expression, Schema, distinct, expressions

ROOT = FIXTURES.parent
YAML, JSON = "application/yaml", "application/json"

_BOUNDARY = re.compile(r"^---(?=\s)", re.MULTILINE)
_SAID = re.compile(r"^(apiVersion|kind): *[\"']?([^\s\"'#]+)", re.MULTILINE)
_NOTHING = re.compile(r"(?:\s|#.*$|^---$|^\.\.\.$)*", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """One object: the lines of the file that it takes (from 1), and what is sent. ``where`` tells people."""

    file: str
    first: int
    last: int
    kind: str
    api_version: str
    name: str
    namespace: str
    body: bytes
    media: str

    @property
    def where(self) -> str:
        """``file:line Kind name``."""
        place = f"{self.file}:{self.first}" if self.first else self.file
        return f"{place} {self.kind} {self.name}".rstrip()


def sites() -> Iterator[Case]:
    """Every case of the fixtures, and both examples of every rule."""
    yield from cases()
    for folder in sorted(path.parent for path in FIXTURES.glob("rules/*/bad.yaml")):
        for name in ("bad", "good"):
            case = load(folder, f"{name}.yaml")
            profile = f"{name}.egc.yaml"
            if (folder / profile).exists():
                case = replace(case, options=replace(case.options, profile=profile))
            yield case


def subjects(case: Case, documents: Iterable[Document]) -> Iterator[tuple[str, Subject]]:
    """The objects of a case, of whose files egc has read *documents*; each with its file as the case calls it."""
    read = list(documents)
    paths = [path for path in case.options.paths if (case.folder / path).is_file()]
    for path in sorted({*paths, *(document.file for document in read)}):
        text = (case.folder / path).read_text(encoding="utf-8")
        file = str((case.folder / path).resolve().relative_to(ROOT))
        for start, end in _pieces(text):
            first, last = text.count("\n", 0, start), text.count("\n", 0, end)
            found = [one for one in read if one.file == path and first <= one.line < max(last, first + 1)]
            variables = case.options.substitution is not None
            for subject in _objects(file, text[start:end], first, found, variables=variables):
                yield path, subject


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The documents of a file, by the lines that part them, as kubectl finds them."""
    starts = [0, *(found.start() for found in _BOUNDARY.finditer(text) if found.start())]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        if not _NOTHING.fullmatch(text, start, end):
            yield start, end


def _objects(file: str, text: str, line: int, read: list[Document], *, variables: bool) -> Iterator[Subject]:
    data = read[0].data if len(read) == 1 else None
    last = line + max(len(text.splitlines()), 1)
    if isinstance(data, dict) and data.get("kind") == "List" and isinstance(data.get("items"), list):
        for i, item in enumerate(data["items"]):
            span = At(read[0], ("items", i)).place().span
            assert span is not None
            yield _subject(file, span.line, span.end_line, item, json.dumps(item).encode(), JSON)
    elif variables and "${" in text:
        yield _subject(file, line + 1, last, data, json.dumps(data).encode(), JSON)
    else:
        outline = data if isinstance(data, dict) else dict(_SAID.findall(text))
        yield _subject(file, line + 1, last, outline, text.encode(), YAML)


def _subject(file: str, first: int, last: int, data: object, body: bytes, media: str) -> Subject:
    item: Mapping[str, Any] = data if isinstance(data, dict) else {}
    metadata = item.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    kind, version = str(item.get("kind") or ""), str(item.get("apiVersion") or "")
    namespace = str(named.get("namespace") or "default")
    return Subject(file, first, last, kind, version, str(named.get("name") or ""), namespace, body, media)


def judged_by_rules(kinds: Mapping[tuple[str, str], Schema]) -> Iterator[tuple[Subject, dict[str, Any]]]:
    """The objects of ``fixtures/cel``, for every rule of the CRDs at every place; and their data."""
    rules: list[tuple[Expression | Distinct, str]] = [(rule, rule.message) for rule in expressions(kinds)]
    rules += [(rule, DISTINCT) for rule in distinct(kinds)]
    for rule, says in rules:
        for entry in (found for found in entries() if found.fits(says, rule.steps)):
            for value in (*entry.accepts, *entry.refuses):
                item = whole(rule.api_version, rule.kind, rule.steps, value)
                yield _subject(f"fixtures/cel {rule}", 0, 0, item, json.dumps(item).encode(), JSON), item
