"""Marks on fields that the build does not act on, and the search for those that somebody set."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, get_args

from egc.kube.model import Model

Opaque: TypeAlias = object
"""Any plain data: the type of a field that is marked as a whole and not modelled further."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The field is accepted and has no effect; ``quiet`` when that is not worth a note."""

    why: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The field is part of the API, and refused; ``why`` completes "the field is ...".

    One that ``protects`` something must never be dropped: serving without it would let in what it keeps out.
    """

    why: str = "not supported yet"
    protects: bool = False


Marker = Ignored | Unsupported
_Nested: TypeAlias = "Model | list[_Nested] | dict[str, _Nested] | None"


def marked(model: Model) -> Iterator[tuple[Model, str, Marker]]:
    """Every marked field that was set at or below *model*: its owner, its YAML key and its marker.

    They come in the order of the models' fields. Quiet ones are left out, and so is what lies below a marked field.
    """
    written = model.model_fields_set
    for name, alias, marker in _steps(type(model)):
        if name not in written:
            continue
        value = getattr(model, name)
        if marker is None:
            yield from _below(value)
        elif value is not None:
            yield model, alias, marker


def _below(value: _Nested) -> Iterator[tuple[Model, str, Marker]]:
    if isinstance(value, list):
        for item in value:
            yield from _below(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _below(item)
    elif value is not None:
        yield from marked(value)


@cache
def _steps(model: type[Model]) -> tuple[tuple[str, str, Marker | None], ...]:
    """The fields that matter to the search: marked ones, and (with None) those whose models have some below."""
    steps: list[tuple[str, str, Marker | None]] = []
    for name, field in model.model_fields.items():
        marker = next((m for m in field.metadata if isinstance(m, Ignored | Unsupported)), None)
        quiet = isinstance(marker, Ignored) and marker.quiet
        if not quiet and (marker is not None or any(map(_steps, _models(field.annotation)))):
            steps.append((name, field.alias or name, marker))
    return tuple(steps)


def _models(annotation: object) -> Iterator[type[Model]]:
    """The model classes that a type expression mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
