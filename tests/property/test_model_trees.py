"""Whatever a document holds, a model takes it or refuses it; it never breaks the parser."""

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from egc.envoygateway.models import KINDS as ENVOY_GATEWAY
from egc.gatewayapi.models import KINDS as GATEWAY_API
from egc.kube.kinds import KINDS as CORE
from egc.kube.markers import marked
from egc.kube.model import Model

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "Exact", "1s"])
)


@cache
def keys(schema_owner: type[Model]) -> list[str]:
    """Every key that occurs in the schema of a kind."""
    schema = schema_owner.model_json_schema()
    objects = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for node in objects for key in node.get("properties", {})})


def trees(names: list[str]) -> st.SearchStrategy[Any]:
    """Plain data whose keys are mostly of the schema."""
    key = st.sampled_from(names) | st.text(max_size=3)
    return st.recursive(scalars, lambda t: st.lists(t, max_size=3) | st.dictionaries(key, t, max_size=4), max_leaves=20)


@pytest.mark.parametrize("entry", sorted(set((CORE | GATEWAY_API | ENVOY_GATEWAY).values())))
def test_no_tree_breaks_a_model(entry: str) -> None:
    """Any tree of plain data is read or refused with pydantic's error."""
    module, _, name = entry.partition(":")
    model: type[Model] = getattr(import_module(module), name)
    top = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}}

    @settings(max_examples=50)
    @given(st.dictionaries(st.sampled_from(keys(model)), trees(keys(model)), max_size=3))
    def check(data: dict[str, Any]) -> None:
        with suppress(ValidationError):
            list(marked(model.model_validate({**top, **data, "spec": data})))
        with suppress(ValidationError):
            list(marked(model.model_validate({**top, **data})))

    check()
