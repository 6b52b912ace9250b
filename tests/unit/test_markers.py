"""Marked fields, and finding those that were set."""

from typing import Annotated, Any

from pydantic import Field

from egc.kube.markers import Ignored, Marker, Opaque, Unsupported, marked
from egc.kube.model import Model

LATER, NOWHERE, SILENT = Unsupported(), Ignored("there is no such thing"), Ignored("nobody cares", quiet=True)


class Leaf(Model):
    """A model with one field of each sort."""

    plain: int = 0
    later: Annotated[Opaque, LATER] = None
    else_where: Annotated[str | None, NOWHERE] = None
    silent: Annotated[Opaque, SILENT] = None
    odd: Annotated[bool, LATER] = Field(default=False, alias="oddURI")


class Plain(Model):
    """A model without marks."""

    name: str = ""


class Tree(Model):
    """A model with others in all places."""

    before: Annotated[bool | None, LATER] = None
    leaf: Leaf = Field(default_factory=lambda: Leaf(later=1))
    maybe: Leaf | None = None
    many: list[Leaf] = Field(default_factory=list)
    by_name: dict[str, list[Leaf]] = Field(default_factory=dict)
    plain: Plain | None = None
    whole: Annotated[Leaf | None, LATER] = None


def found(model: type[Model], data: dict[str, Any]) -> list[tuple[str, Marker]]:
    """The marked fields that are set, without their owners."""
    return [(alias, marker) for _, alias, marker in marked(model.model_validate(data))]


def test_nothing_is_marked_by_default() -> None:
    """Defaults, even those made by a factory, are nobody's wish."""
    assert found(Tree, {}) == []
    assert found(Tree, {"leaf": {"plain": 1}, "plain": {"name": "a"}}) == []


def test_set_fields_are_found_under_their_yaml_names() -> None:
    """A field is reported by its alias, whatever its value, in the order of the model."""
    assert found(Leaf, {"oddURI": False, "elseWhere": "", "later": {}}) == [
        ("later", LATER),
        ("elseWhere", NOWHERE),
        ("oddURI", LATER),
    ]


def test_null_is_not_set() -> None:
    """A key with no value asks for nothing."""
    assert found(Leaf, {"later": None, "elseWhere": None}) == []


def test_quiet_fields_are_left_out() -> None:
    """What kubectl writes by itself is not worth a note."""
    assert found(Leaf, {"silent": {"a": 1}}) == []


def test_models_are_searched_wherever_they_are() -> None:
    """Fields, lists, and mappings of lists are searched, and each field comes with its owner."""
    leaf = {"later": 1}
    tree = Tree.model_validate(
        {"before": True, "leaf": leaf, "maybe": leaf, "many": [{}, leaf], "byName": {"a": [leaf], "b": []}}
    )
    owners = [owner for owner, _, _ in marked(tree)]
    assert [id(owner) for owner in owners] == [
        id(tree),
        id(tree.leaf),
        id(tree.maybe),
        id(tree.many[1]),
        id(tree.by_name["a"][0]),
    ]


def test_a_marked_field_is_reported_once() -> None:
    """What lies below a refused field is not refused again."""
    assert found(Tree, {"whole": {"later": 1}}) == [("whole", LATER)]
