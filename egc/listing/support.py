"""What egc does with each field of each kind, as the models say it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from egc.kube.markers import Ignored, Marker, Unsupported
from egc.kube.model import Model
from egc.kube.resource import ObjectMeta, Resource
from egc.kube.scalars import go_text

COMMON = "metadata"
"""The name under which the fields of every object are listed."""

_WIDTH, _PATHS = 100, 50
_ALIKE = 4  # from so many fields on, a second place with the same ones refers to the first


@dataclass(frozen=True, slots=True)
class Support:
    """A field by its full path, and what becomes of it; ``protects``: it is refused even where others may be left out.

    ``alike`` is the first place with the same fields below it, if there are several.
    """

    path: str
    does: Literal["read", "ignored", "refused"]
    default: object = None
    because: str = ""
    protects: bool = False
    alike: str = ""
    owner: type[Model] | None = field(default=None, compare=False)
    attribute: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind, the versions in which its fields are the same, and the fields."""

    name: str
    api_versions: tuple[str, ...]
    about: str
    fields: tuple[Support, ...]


def catalogue(registry: Mapping[tuple[str, str], str]) -> list[Kind]:
    """Every kind of a registry by its name, and first what all objects have in common. Imports all models."""
    found = [_every_object()]
    for (api_version, name), entry in sorted(registry.items(), key=lambda item: (item[0][1], item[0][0])):
        model = load(entry)
        fields = tuple(fields_of(model, left_out=_common(model)))
        if (found[-1].name, found[-1].fields) == (name, fields):
            known = found.pop()
            found.append(replace(known, api_versions=(*known.api_versions, api_version)))
        else:
            found.append(Kind(name, (api_version,), _about(model), fields))
    return found


def load(entry: str) -> type[Model]:
    """The model of a registry's entry."""
    module, _, name = entry.partition(":")
    model = getattr(import_module(module), name)
    if not issubclass(model, Model):
        raise TypeError(f"{entry} is not a model")
    return model  # type: ignore[no-any-return]  # getattr gives anything


def _every_object() -> Kind:
    fields = (*fields_of(ObjectMeta, COMMON), *fields_of(Resource, left_out={"api_version", "kind", "metadata"}))
    return Kind(COMMON, (), "What every object has besides its kind.", fields)


def _common(model: type[Model]) -> set[str]:
    return set(Resource.model_fields) if issubclass(model, Resource) else {"api_version", "kind"}


def _about(model: type[Model]) -> str:
    return (model.__doc__ or "").partition("\n")[0].replace("``", "`")


def fields_of(model: type[Model], path: str = "", *, left_out: Iterable[str] = ()) -> Iterator[Support]:
    """Every field at or below a model, depth first. What is below a marked one shares its fate and is not listed."""
    yield from _below(model, path, set(left_out), {})


def _below(model: type[Model], path: str, left_out: set[str], seen: dict[object, str]) -> Iterator[Support]:
    for name, info in model.model_fields.items():
        if name in left_out:
            continue
        at = f"{path}.{info.alias or name}".lstrip(".")
        marker = next((m for m in info.metadata if isinstance(m, Ignored | Unsupported)), None)
        inner = [] if marker else list(models(info.annotation))
        below = [found for step, other in inner for found in _below(other, f"{at}{step}", set(), seen)]
        if inner and below and not any(found.does == "read" for found in below):
            yield from below  # it holds nothing but what has no effect
            continue
        alike = seen.setdefault(tuple(other for _, other in inner), at) if len(below) >= _ALIKE else at
        yield _support(at, marker, _default(info), "" if alike == at else alike, model, name)
        yield from below


def _support(path: str, marker: Marker | None, default: object, alike: str, owner: type[Model], name: str) -> Support:
    match marker:
        case None:
            return Support(path, "read", default, alike=alike, owner=owner, attribute=name)
        case Ignored():
            return Support(path, "ignored", because=marker.why, owner=owner, attribute=name)
    return Support(path, "refused", None, marker.why, marker.protects, owner=owner, attribute=name)


def models(annotation: object) -> Iterator[tuple[str, type[Model]]]:
    """The models in a type expression, each after what leads to it: ``[]`` into a list, ``.*`` into a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield "", annotation
    origin = get_origin(annotation)
    step = "[]" if origin is list else ".*" if origin is dict else ""
    for argument in get_args(annotation):
        yield from ((f"{step}{rest}", model) for rest, model in models(argument))


def _default(info: FieldInfo) -> object:
    """The default in the shape of YAML; None for nothing, and for a model, whose own fields have defaults."""
    if info.is_required():
        return None
    value = info.get_default(call_default_factory=True)
    return None if isinstance(value, Model) or value in (None, [], {}) else plain(value)


def plain(value: object) -> Any:
    """A value in the shape of YAML, without what is empty."""
    if isinstance(value, Model):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, timedelta):
        return go_text(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v not in (None, [], {})}
    return [plain(v) for v in value] if isinstance(value, list) else value


def as_json(kinds: Iterable[Kind]) -> str:
    """The kinds as JSON."""
    return json.dumps({"kinds": [_as_data(kind) for kind in kinds]}, indent=2)


def _as_data(kind: Kind) -> dict[str, object]:
    fields = []
    for found in kind.fields:
        entry: dict[str, object] = {"path": found.path, "does": found.does}
        if found.default is not None:
            entry["default"] = found.default
        if found.because:
            entry["because"] = found.because
        if found.does == "refused":
            entry["security"] = found.protects
        fields.append(entry)
    return {"kind": kind.name, "apiVersions": list(kind.api_versions), "about": kind.about, "fields": fields}


def as_text(kinds: Iterable[Kind]) -> str:
    """The kinds for a terminal: a line for each field."""
    return "\n\n".join("\n".join(_lines(kind)) for kind in kinds)


def _lines(kind: Kind) -> Iterator[str]:
    group = kind.api_versions[0].rpartition("/")[0] if kind.api_versions else ""
    versions = ", ".join(version.rpartition("/")[2] for version in kind.api_versions)
    yield f"{kind.name}  {group}/{versions}".replace(" /", " ").rstrip(" /")
    yield from textwrap.wrap(kind.about.replace("`", ""), _WIDTH, initial_indent="  ", subsequent_indent="  ")
    rows = list(_short(kind.fields))
    width = min(max((len(found.path) for found in rows), default=0), _PATHS)
    for found in rows:
        yield from textwrap.wrap(
            told(found),
            _WIDTH,
            initial_indent=f"  {found.path:<{width}}  ",
            subsequent_indent=" " * (width + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )


def as_markdown(kinds: Iterable[Kind]) -> str:
    """The kinds as Markdown: a table for each."""
    return "\n\n".join(f"### {kind.name}\n\n{_introduction(kind)}\n\n{table(kind)}" for kind in kinds)


def _introduction(kind: Kind) -> str:
    versions = ", ".join(f"`{version}`" for version in kind.api_versions)
    return f"{versions}. {kind.about}" if versions else kind.about


def table(kind: Kind) -> str:
    """The fields of a kind as a Markdown table."""
    rows = [f"| `{found.path}` | {_cell(told(found, quote='`'))} |" for found in _short(kind.fields)]
    return "\n".join(["| Field | What egc does |", "| --- | --- |", *rows])


def _cell(text: str) -> str:
    """Text that neither ends a cell nor begins an HTML tag; code is safe from the latter."""
    text = text.replace("|", r"\|")
    return text if "`" in text else text.replace("<", "&lt;")


def _short(fields: Iterable[Support]) -> Iterator[Support]:
    """The fields for people to read: what is below a second place is as below the first."""
    skipped: tuple[str, ...] = ()
    for found in fields:
        if not found.path.startswith(skipped or ("\n",)):
            yield found
            if found.alike:
                skipped = (*skipped, f"{found.path}.", f"{found.path}[]")


def told(found: Support, quote: str = "") -> str:
    """What becomes of a field, in words; *quote* stands around what is typed."""
    match found.does:
        case "read":
            default = f"; default {quote}{_flow(found.default)}{quote}" if found.default is not None else ""
            alike = f"; fields as in {quote}{found.alike}{quote}" if found.alike else ""
            return f"read{default}{alike}"
        case "ignored":
            return f"ignored: {found.because}"
    return f"refused{' (security)' if found.protects else ''}: {found.because.removeprefix('not supported: ')}"


def _flow(value: object) -> str:
    """A default as YAML's flow style, on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'
