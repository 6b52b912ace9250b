"""The light loader of envoy_data_plane: the same typed messages, cheap to import and to build.

Its 2,000 classes are pydantic dataclasses: half a second of decorators and as much of schema building, and then every
message is validated as it is built. mypy has checked ours, and Envoy's own descriptors check the result (check.py), so
at run time a message need only carry values. EGC_STRICT=1 keeps the stock classes, with the same output.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, cast

import pydantic
import pydantic.dataclasses

_FIELDS = "__dataclass_fields__"


def load(module: str) -> ModuleType:
    """Import *module* of envoy_data_plane, and all it needs, with light classes unless EGC_STRICT is set."""
    if not os.environ.get("EGC_STRICT"):
        with _light_classes():
            return import_module(module)
    imported = import_module(module)
    _complete_stock_classes()
    return imported


def _complete_stock_classes() -> None:
    """Build their schemas, or pydantic would at first use, with the names of the code that happens to use them first.

    (An annotation says datetime.timedelta, and that code may have imported datetime.datetime.)
    """
    for cls in import_module("envoy_data_plane.message_pool").default_message_pool.type_to_url:
        pydantic.dataclasses.rebuild_dataclass(cls)


@contextmanager
def _light_classes() -> Iterator[None]:
    """Let the generated modules find other decorators under the two names that they import from pydantic."""
    stock = [(module, name, getattr(module, name)) for module, name, _ in _DECORATORS]
    for module, name, light in _DECORATORS:
        setattr(module, name, light)
    try:
        yield
    finally:
        for module, name, decorator in stock:
            setattr(module, name, decorator)


def _light(cls: type) -> type:
    """Make *cls* a message that holds only the fields it was given."""
    for name, value in {"__init__": _init, "_unknown_fields": b"", _FIELDS: _Fields(cls)}.items():
        setattr(cls, name, value)
    return cls


def _init(self: object, /, *positional: object, **given: object) -> None:  # ConfigSource has a field "self"
    fields = getattr(self, _FIELDS)
    if positional:
        given.update(zip(fields, positional, strict=False))
    if not given.keys() <= fields.keys():
        unknown = ", ".join(sorted(given.keys() - fields.keys()))
        raise TypeError(f"{type(self).__name__} has no field {unknown}")
    self.__dict__ = given


class _Fields:
    """Makes its class a dataclass when the fields are first asked for: a configuration uses few of the classes."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __get__(self, message: object, owner: type) -> object:
        dataclasses.dataclass(init=False, repr=False, eq=False, match_args=False)(self.cls)  # replaces this attribute
        for field in dataclasses.fields(self.cls):
            setattr(self.cls, field.name, _Default(field.name, cast("Callable[[], object]", field.default_factory)))
        return getattr(self.cls, _FIELDS)


class _Default:
    """An unset field reads as its proto3 default, and from then on is the message's own (a list can be appended to)."""

    def __init__(self, name: str, factory: Callable[[], object]) -> None:
        self.name, self.factory = name, factory

    def __get__(self, message: object | None, owner: type) -> object:
        if message is None:
            raise AttributeError(self.name)
        value = message.__dict__[self.name] = self.factory()
        return value


_DECORATORS: tuple[tuple[ModuleType, str, Callable[..., Any]], ...] = (
    (pydantic.dataclasses, "dataclass", lambda **_: _light),
    (pydantic, "model_validator", lambda **_: lambda method: method),
)
