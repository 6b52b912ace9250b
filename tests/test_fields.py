"""No field is accepted and ignored: what is not marked as such is read, and a case of the fixtures shows it."""

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import CodeType
from typing import Any, get_args

import pytest

from egc import compiler
from egc.diagnostics import Sink
from egc.kube.markers import Ignored, Unsupported
from egc.kube.model import Home, Model
from egc.kube.parse import Kinds, parse
from egc.kube.resources import Resources
from egc.listing import support
from egc.profile import Profile, load_profile
from egc.source import Document
from tests.case import cases

Field = tuple[type[Model], str]

ELSEWHERE = {
    "EnvoyGateway.api_version": "chooses the model",
    "EnvoyGateway.kind": "chooses the model",
    "EnvoyGateway.provider": "egc.envoygateway.standalone looks for paths before anything is parsed",
    "Provider.custom": "as provider",
    "Provider.type": "as provider",
    "CustomProvider.resource": "as provider",
    "ResourceProvider.type": "has one value",
    "ResourceProvider.file": "as provider",
    "FileResources.paths": "as provider",
}
"""Fields that take effect without being read from a model, and how."""

JUDGES = "egc.gatewayapi.validity"
"""Code that finds fault with fields, and does nothing of what they say."""


@cache
def unmarked(model: type[Model]) -> frozenset[str]:
    """The fields of a model that something has to read."""
    fields = model.model_fields.items()
    return frozenset(
        name for name, info in fields if not any(isinstance(m, Ignored | Unsupported) for m in info.metadata)
    )


def models(annotation: object) -> Iterator[type[Model]]:
    """The models that a type expression mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for argument in get_args(annotation):
        yield from models(argument)


def reachable(model: type[Model], seen: set[type[Model]]) -> set[type[Model]]:
    """*seen* with the model and all those below its unmarked fields."""
    if model not in seen:
        seen.add(model)
        for name in unmarked(model):
            for below in models(model.model_fields[name].annotation):
                reachable(below, seen)
    return seen


def expected() -> set[Field]:
    """Every field that the schema accepts and does not mark."""
    seen = reachable(Profile, set())
    for entry in compiler.KINDS.values():
        module, _, name = entry.partition(":")
        reachable(getattr(import_module(module), name), seen)
    return {(model, name) for model in seen for name in unmarked(model) if says_something(model, name)}


def says_something(model: type[Model], name: str) -> bool:
    """Whether a field holds more than models of which every field is marked."""
    below = list(models(model.model_fields[name].annotation))
    return not below or any(unmarked(inner) for inner in below)


def written(value: object) -> Iterator[Field]:
    """The fields that were set at or below a value."""
    if isinstance(value, Model):
        for name in value.model_fields_set:
            yield type(value), name
            yield from written(getattr(value, name))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from written(item)


@contextmanager
def reads(package: str) -> Iterator[set[Field]]:
    """Collect the fields that were set, and that code of *package* reads by name while the context is open.

    By name: code that goes through all fields whatever they are called acts on none of them. What validators read
    while an object is still being parsed does not count either.
    """
    found: set[Field] = set()

    def spy(model: Model, name: str) -> object:
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        if caller and name in unmarked(type(model)) and names(caller.f_code, name):
            module = caller.f_globals["__name__"]
            inside = module.partition(".")[0] == package and not module.startswith(JUDGES)
            if inside and name in model.model_fields_set and parsed(model):
                found.add((type(model), name))
        return object.__getattribute__(model, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "__getattribute__", spy)
        yield found


def names(code: CodeType, attribute: str) -> bool:
    """Whether code spells an attribute out."""
    return attribute in code.co_names or attribute in code.co_consts


def parsed(model: Model) -> bool:
    """Whether the object that a model belongs to has been validated."""
    home: Home | None = getattr(model, "_home", None)
    return home is not None and home.top is not None


def listed(title: str, fields: set[Field]) -> list[str]:
    """A title and the fields below it; nothing without fields."""
    lines = sorted(f"  {model.__module__}: {model.__name__}.{name}" for model, name in fields)
    return [title, *lines] if lines else []


@contextmanager
def writes() -> Iterator[set[Field]]:
    """Collect the fields that the input of each build sets while the context is open."""
    found: set[Field] = set()

    def parsing(documents: Iterable[Document], kinds: Kinds, sink: Sink) -> Resources:
        resources = parse(documents, kinds, sink)
        for resource in [*resources.all(), *resources.configs]:
            found.update(written(resource))
        return resources

    def loading(path: str | None, sink: Sink) -> Profile:
        profile = load_profile(path, sink)
        found.update(written(profile))
        return profile

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egc.compiler.parse", parsing)
        patch.setattr("egc.compiler.load_profile", loading)
        yield found


@pytest.fixture(scope="module")
def measured() -> tuple[set[Field], set[Field]]:
    """The fields that cases set, and those of them that the compiler reads."""
    with writes() as present, reads("egc") as found:
        for case in cases():
            case.build()
    return present, found


def test_support_is_what_cases_show(measured: tuple[set[Field], set[Field]]) -> None:
    """What ``egc support`` calls read is set by a case, and what is not called so has no effect."""
    present, _ = measured
    told = [field for entry in compiler.KINDS.values() for field in support.fields_of(support.load(entry))]
    read = {(field.owner, field.attribute) for field in told if field.does == "read" and field.owner is not None}
    wanted = {key for key in expected() if key[0].__module__.partition(".")[2].partition(".")[0] != "profile"}
    problems = [
        *listed("called read, but set by no case:", read - present),
        *listed("acted on, but not called read:", wanted - read),
    ]
    assert not problems, "\n".join(["", *problems])


def test_every_field_is_read(measured: tuple[set[Field], set[Field]]) -> None:
    """Each field is set by a case, and then read by the compiler, or marked as ignored or unsupported."""
    present, found = measured
    wanted = expected()
    elsewhere = {(model, name) for model, name in wanted if f"{model.__name__}.{name}" in ELSEWHERE}
    problems = [
        *listed("set by a case, but read by nobody:", (wanted & present) - found - elsewhere),
        *listed("set by no case:", wanted - present),
        *listed("read after all, and no exception:", elsewhere & found),
    ]
    assert not problems, "\n".join(["", *problems])
    assert len(elsewhere) == len(ELSEWHERE)


class Sample(Model):
    """A model to read from."""

    spelled: str
    walked: str
    default: str = ""


def test_only_a_read_by_name_counts() -> None:
    """Neither a walk over all fields, nor a read while parsing, nor that of a default or of other code counts."""
    reader = """
def spell(it): return it.spelled, it.default
def walk(it): return [getattr(it, name) for name in it.model_fields_set]
"""
    inside: dict[str, Any] = {"__name__": "sample.reader"}
    outside: dict[str, Any] = {"__name__": "other.reader"}
    exec(reader, inside)
    exec(reader, outside)
    home = Home(Document("a.yaml", {}, ""))
    sample = Sample.model_validate({"spelled": "a", "walked": "b"}, context=home)
    with reads("sample") as found:
        inside["spell"](sample)
        assert not found
        home.top = sample
        outside["spell"](sample)
        inside["walk"](sample)
        assert not found
        inside["spell"](sample)
    assert found == {(Sample, "spelled")}
