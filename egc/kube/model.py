"""The base of every model: strict, frozen, and each instance knows where it was written."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from egc.diagnostics import Place
from egc.source import At, Document
from egc.source.spans import Path


class Home:
    """What one parsed object's models have in common: their document, and (walked when asked) their paths."""

    def __init__(self, document: Document, root: Path = ()) -> None:
        self.document = document
        self.root = root
        self.top: Model | None = None
        self._paths: dict[int, Path] = {}
        self._kept: list[Model] = []

    def path(self, model: "Model") -> Path:
        """Where *model* stands in the document."""
        if not self._paths and self.top is not None:
            _walk(self.top, self.root, self._paths)
        return self._paths.get(id(model), self.root)

    def adopt(self, model: "Model", twin: "Model") -> None:
        """Let *model*, a changed copy, stand where *twin* stands."""
        self._kept.append(model)  # an id is only good while its object lives
        self._paths[id(model)] = self.path(twin)
        object.__setattr__(model, "_home", self)


class Somewhere:
    """A place below a model, found only when somebody asks for it."""

    __slots__ = ("_keys", "_model", "_on_key")

    def __init__(self, model: "Model", keys: Path, *, on_key: bool = False) -> None:
        self._model, self._keys, self._on_key = model, keys, on_key

    def __truediv__(self, step: str | int) -> "Somewhere":
        return Somewhere(self._model, (*self._keys, step))

    @property
    def key(self) -> "Somewhere":
        """The key of this node in its mapping."""
        return Somewhere(self._model, self._keys, on_key=True)

    def place(self) -> Place | None:
        """File, text and span; None for a model that no file wrote (a default)."""
        home: Home | None = getattr(self._model, "_home", None)
        if home is None:
            return None
        return At(home.document, (*home.path(self._model), *self._keys), self._on_key).place()


class Model(BaseModel):
    """Plain values of one YAML mapping. Unknown keys and wrong types are errors; nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, defer_build=True
    )
    __slots__ = ("_home",)
    _home: ClassVar[Home | None]

    def model_post_init(self, context: Any, /) -> None:
        """Remember the object this model was parsed with."""
        if context is not None:
            object.__setattr__(self, "_home", context)

    def at(self, *keys: str | int) -> Somewhere:
        """The place of this model, or of a node below it, by the keys of the YAML."""
        return Somewhere(self, keys)

    def replace(self, **changes: object) -> Self:
        """A copy with some fields changed (by Python name), standing where this one stands."""
        copy = self.model_copy(update=changes)
        home: Home | None = getattr(self, "_home", None)
        if home is not None:
            home.adopt(copy, self)
        return copy


def _walk(value: object, path: Path, paths: dict[int, Path]) -> None:
    """Note the path of every model at or below *value*."""
    if isinstance(value, Model):
        paths[id(value)] = path
        for name in value.model_fields_set:
            alias = type(value).model_fields[name].alias or name
            _walk(getattr(value, name), (*path, alias), paths)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _walk(item, (*path, i), paths)
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(item, (*path, key), paths)
