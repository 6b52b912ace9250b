"""Documents to typed objects."""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TypeVar

from pydantic import ValidationError

from egc.diagnostics import Place, Rule, Severity, Sink, did_you_mean, suggest
from egc.kube.markers import Ignored, Unsupported, marked
from egc.kube.model import Home, Model
from egc.kube.resource import Resource
from egc.kube.resources import CLUSTER_SCOPED, Key, Resources
from egc.kube.schema_errors import below, describe, intended, spoken
from egc.source import At, BrokenDocument, Document
from egc.source.problems import GivenUpError, Problems
from egc.source.spans import Path

Kinds = Mapping[tuple[str, str], str]
M = TypeVar("M", bound=Model)

_TEXTS = frozenset({("metadata", "labels"), ("metadata", "annotations"), ("data",), ("binaryData",), ("stringData",)})
"""Mappings in which the API server keeps a key that is null, with an empty text: a label that only is there."""

NOT_AN_OBJECT = Rule(
    code="EGC1040",
    severity=Severity.ERROR,
    title="document is not a Kubernetes object",
    explanation="""
        Every document needs `apiVersion` and `kind`.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata: {name: shop}
        ```
        """,
    help="each document needs apiVersion and kind; a host profile is given with --profile",
)
DUPLICATE_OBJECT = Rule(
    code="EGC1046",
    severity=Severity.ERROR,
    title="two documents with one name",
    explanation="""
        Two objects have the same kind, namespace and name; in a cluster the second would replace the first. With
        `--on-error degrade` neither is served if they differ: the order of files must not decide. What HTTPRoutes or
        GRPCRoutes of one name take answers 500.
        """,
    help="rename or delete one of them",
)
UNSUPPORTED_KIND = Rule(
    code="EGC4001",
    severity=Severity.ERROR,
    title="kind is not supported",
    explanation="""
        egc does not compile this kind, and it does not skip what it was given. Move files that are not meant for the
        gateway elsewhere, or pass `--allow-unsupported` to make this a warning and leave the document out.
        """,
    help="remove it from the input, or pass --allow-unsupported to leave it out",
    lenient=True,
)
UNSUPPORTED_FIELD = Rule(
    code="EGC4002",
    severity=Severity.ERROR,
    title="field is not supported",
    explanation="""
        The field is part of the API, but egc does not act on it. It stops rather than serve something else than was
        asked for; `--allow-unsupported` makes this a warning, and the field then has no effect.
        """,
    help="remove it, or pass --allow-unsupported to build without its effect",
    lenient=True,
)
UNSUPPORTED_PROTECTION = Rule(
    code="EGC4004",
    severity=Severity.ERROR,
    title="security setting is not supported",
    explanation="""
        The field protects something, and egc cannot honour it. Serving without it would leave the route open, so no
        option makes this a warning; under `--on-error degrade` everything that it protects answers 500.
        """,
    help="protect the route by other means and remove the field",
)
IGNORED_FIELD = Rule(
    code="EGC4003",
    severity=Severity.NOTE,
    title="field has no meaning on a single host",
    explanation="The field configures something that one host does not have, such as Kubernetes objects.",
)


def parse(documents: Iterable[Document], kinds: Kinds, sink: Sink) -> Resources:
    """Type every document; what cannot be typed is reported and remembered as broken."""
    resources = Resources()
    strangers: dict[str, Problems] = {}  # a file that is something else altogether may have millions
    for document in documents:
        with suppress(GivenUpError):
            for data, path in _objects(document, strangers.setdefault(document.file, Problems(sink))):
                _parse_one(document, data, path, kinds, resources, sink)
    for file, problems in strangers.items():
        problems.finish(Place(file))
    return resources


def _objects(document: Document, problems: Problems) -> Iterator[tuple[dict[str, object], Path]]:
    """The objects of a document: itself, or the items of a List."""
    data = document.data
    if isinstance(data, dict) and data.get("kind") == "List" and isinstance(data.get("items"), list):
        entries: list[tuple[object, Path]] = [(item, ("items", i)) for i, item in enumerate(data["items"])]
    else:
        entries = [(data, ())]
    for item, path in entries:
        if not isinstance(item, dict):
            problems.report(NOT_AN_OBJECT, At(document, path), f"not a Kubernetes object, but {spoken(item)}")
            continue
        lacking = next((key for key in ("apiVersion", "kind") if not isinstance(item.get(key), str)), None)
        if lacking is None:
            yield item, path
        else:
            fault = "must be a string" if lacking in item else "is missing"
            message = f'not a Kubernetes object: "{lacking}" {fault}'
            problems.report(NOT_AN_OBJECT, At(document, (*path, lacking)), message)


def _parse_one(
    document: Document, data: dict[str, object], path: Path, kinds: Kinds, resources: Resources, sink: Sink
) -> None:
    api_version, kind = str(data["apiVersion"]), str(data["kind"])
    if isinstance(document, BrokenDocument):
        resources.broken[_key(data)] = data
        return
    entry = kinds.get((api_version, kind))
    if entry is None:
        _report_kind(At(document, path), api_version, kind, kinds, sink)
        resources.broken[_key(data)] = data
        if (protecting := _protecting(api_version, kind, kinds)) is not None:
            resources.broken[_key(data)._replace(kind=protecting)] = data
        return
    model = _model(entry)
    home = Home(document, path)
    try:
        parsed = validate(model, data, home)
    except ValidationError as error:
        report_schema(error, model, At(document, path), sink)
        resources.broken[_key(data)] = data
        return
    home.top = parsed
    sound = report_marked(parsed, sink)
    if not isinstance(parsed, Resource):
        resources.configs.append(parsed)
        return
    if not sound:
        resources.refused.add(_key(data))
    if (first := resources.add(parsed)) is not None:
        message = f"{kind} {parsed.name!r} is defined twice".replace("'", '"')
        sink.report(DUPLICATE_OBJECT, parsed.at("metadata", "name"), message, related=[(first, "first defined here")])
        # Which of two policies is meant nobody knows: what either governs counts as governed by a broken one.
        resources.broken[_key(data)] = {}


def validate(model: type[M], data: object, home: Home) -> M:
    """Type one object. A field that is null counts as absent, as it does for the API server."""
    try:
        return model.model_validate(data, context=home)
    except ValidationError as error:
        unknown = {detail["loc"] for detail in error.errors(include_url=False) if detail["type"] == "extra_forbidden"}
    return model.model_validate(_without_nulls(data, unknown), context=home)


def _without_nulls(node: object, kept: Container[Path], path: Path = ()) -> object:
    """A copy of plain data; in lists nulls stay, since the places of the others count, as do those at paths *kept*."""
    if isinstance(node, dict):
        if path in _TEXTS:
            return {key: "" if value is None else value for key, value in node.items()}
        found = [(key, value, (*path, key)) for key, value in node.items()]
        return {key: _without_nulls(value, kept, at) for key, value, at in found if value is not None or at in kept}
    if isinstance(node, list):
        return [_without_nulls(item, kept, (*path, i)) for i, item in enumerate(node)]
    return node


def report_marked(model: Model, sink: Sink) -> bool:
    """Say of every field that was set but has no effect, why. False when the object cannot be honoured."""
    sound = True
    for owner, alias, marker in marked(model):
        at = owner.at(alias).key
        if isinstance(marker, Ignored):
            sink.report(IGNORED_FIELD, at, f'"{alias}" is ignored: {marker.why}')
        else:
            rule = UNSUPPORTED_PROTECTION if marker.protects else UNSUPPORTED_FIELD
            sink.report(rule, at, f'"{alias}" is {marker.why}')
            sound = sound and not refuses(marker, lenient=sink.lenient)
    return sound


def honoured(model: Model, *, lenient: bool) -> bool:
    """Whether egc does all that *model* says, or may leave out what it does not do."""
    return not any(refuses(marker, lenient=lenient) for _, _, marker in marked(model))


def refuses(marker: Ignored | Unsupported, *, lenient: bool) -> bool:
    """Whether a marked field must not be left out."""
    return isinstance(marker, Unsupported) and (marker.protects or not lenient)


# Without these kinds traffic goes out in plain text, or past an external check.
_PROTECTING = frozenset({"EnvoyExtensionPolicy"})
_BUILT_PROTECTING = frozenset({"BackendTLSPolicy", "SecurityPolicy"})
# Kinds that exist: their names are no misspellings of others.
_REFUSED = _PROTECTING | {
    "BackendLBPolicy",
    "EnvoyPatchPolicy",
    "EnvoyProxy",
}


def _report_kind(at: At, api_version: str, kind: str, kinds: Kinds, sink: Sink) -> None:
    versions = sorted(v for v, k in kinds if k == kind)
    if versions:
        message, hint = f"{kind} is not known as {api_version}", f"use apiVersion: {versions[0]}"
        sink.report(UNSUPPORTED_KIND, at / "apiVersion", message, help=hint)
    else:
        message = f"{api_version} {kind} is not supported"
        hint = "" if kind in _REFUSED else did_you_mean(kind, {k for _, k in kinds})
        protecting = _protecting(api_version, kind, kinds)
        rule = UNSUPPORTED_PROTECTION if protecting is not None else UNSUPPORTED_KIND
        sink.report(rule, at / "kind", message, help=hint)


def _protecting(api_version: str, kind: str, kinds: Kinds) -> str | None:
    """The kind that a document of no known kind protects something by, its name perhaps misspelt."""
    group = api_version.partition("/")[0]
    if group not in {version.partition("/")[0] for version, known in kinds if known in _BUILT_PROTECTING}:
        return None
    meant = suggest(kind, {known for _, known in kinds} | _REFUSED)
    return meant if meant in _PROTECTING | _BUILT_PROTECTING else None


def report_schema(error: ValidationError, model: type[Model], at: At, sink: Sink, rule: Rule | None = None) -> None:
    """Report each of pydantic's errors at its place below *at*, all as *rule* if there is one."""
    details = error.errors(include_url=False)
    misspelt = {intended(detail, model) for detail in details}
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in misspelt:
            continue  # it is there under another name, and that is what is reported
        kind, message, hint, on_key = describe(detail, model)
        where = At(at.document, (*at.path, *detail["loc"], *below(detail)))
        sink.report(rule or kind, where.key if on_key else where, message, help=hint)


def _key(data: dict[str, object]) -> Key:
    """The identity of an object that could not be typed, as far as it can be told."""
    raw = data.get("metadata")
    metadata = raw if isinstance(raw, dict) else {}
    kind = str(data["kind"])
    namespace = "" if kind in CLUSTER_SCOPED else str(metadata.get("namespace") or "default")
    return Key(str(data["apiVersion"]).rpartition("/")[0], kind, namespace, str(metadata.get("name")))


@cache
def _model(entry: str) -> type[Model]:
    """Import the model of a kind when the first document of that kind is read: most sites need few."""
    module, _, name = entry.partition(":")
    model = getattr(import_module(module), name)
    if not issubclass(model, Model):
        raise TypeError(f"{entry} is not a model")
    return model  # type: ignore[no-any-return]  # mypy forgets it behind the cache
