"""Merged policies: the laws of merging, and that every part still knows where it was written."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from egc.compiler import KINDS
from egc.diagnostics import Sink
from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicy, BackendTrafficPolicySpec
from egc.envoygateway.rules.merge import merge
from egc.kube.model import Model
from egc.kube.parse import parse
from egc.source import read
from tests.property.building import text_of

Plain = dict[str, Any]
Path = tuple[str | int, ...]

durations = st.none() | st.sampled_from(["1s", "5s", "1m"])
limits = st.fixed_dictionaries(
    {"limit": st.fixed_dictionaries({"requests": st.integers(0, 9), "unit": st.sampled_from(["Second", "Hour"])})},
    optional={
        "clientSelectors": st.lists(
            st.fixed_dictionaries({"path": st.fixed_dictionaries({"value": st.sampled_from(["/a", "/b"])})}), max_size=2
        ),
        "shadowMode": st.none() | st.booleans(),
    },
)


def mapping(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A mapping that may lack any of its members, or be null."""
    return st.none() | st.fixed_dictionaries({}, optional=members)


specs = st.fixed_dictionaries(
    {},
    optional={
        "mergeType": st.sampled_from([None, "StrategicMerge", "JSONMerge"]),
        "timeout": mapping(
            tcp=mapping(connectTimeout=durations),
            http=mapping(requestTimeout=durations, streamIdleTimeout=durations, connectionIdleTimeout=durations),
        ),
        "rateLimit": mapping(
            type=st.sampled_from([None, "Local"]), local=mapping(rules=st.lists(limits, min_size=1, max_size=3))
        ),
    },
)


def parsed(spec: Plain, file: str = "policy.yaml", before: int = 0) -> BackendTrafficPolicySpec:
    """A policy's spec as it is read from a file that begins with some lines of comment."""
    document = {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "BackendTrafficPolicy",
        "metadata": {"name": "policy"},
        "spec": spec,
    }
    sink = Sink()
    (policy,) = parse(read(file, "# \n" * before + text_of([document]), sink), KINDS, sink).of(BackendTrafficPolicy)
    assert not sink.found
    return policy.spec


def values(spec: Model) -> Any:
    """What a spec says: null says nothing."""
    return spec.model_dump(exclude_unset=True, exclude_none=True, by_alias=True)


def laid_over(parent: Any, child: Any) -> Any:
    """Plain data over plain data, as RFC 7386 has it, but that null is absent."""
    if not isinstance(parent, dict) or not isinstance(child, dict):
        return parent if child is None else child
    return {key: laid_over(parent.get(key), child.get(key)) for key in (*parent, *(child.keys() - parent.keys()))}


def models(node: object, path: Path = ()) -> Iterator[tuple[Path, Model]]:
    """Every model at or below a value, by its place in the YAML."""
    if isinstance(node, Model):
        yield path, node
        for name in sorted(node.model_fields_set):
            yield from models(getattr(node, name), (*path, type(node).model_fields[name].alias or name))
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from models(item, (*path, i))


@given(specs, specs)
def test_merging_is_laying_one_document_over_the_other(parent: Plain, child: Plain) -> None:
    """A merged spec says what one document would say that was merged before it was read."""
    assert values(merge(parsed(parent), parsed(child))) == values(parsed(laid_over(parent, child)))


@given(specs)
def test_nothing_changes_nothing(plain: Plain) -> None:
    """An empty policy, above or below, says nothing; nor does the same one once more."""
    spec, empty = parsed(plain), parsed({})
    assert values(merge(spec, empty)) == values(merge(empty, spec)) == values(merge(spec, spec)) == values(spec)


@given(specs, specs, specs)
def test_steps_do_not_matter(one: Plain, two: Plain, three: Plain) -> None:
    """Of three policies the lower two may be merged first, or the upper two."""
    a, b, c = parsed(one), parsed(two), parsed(three)
    assert values(merge(merge(a, b), c)) == values(merge(a, merge(b, c)))


@given(specs, specs, specs)
def test_every_part_keeps_its_place(one: Plain, two: Plain, three: Plain) -> None:
    """A part stands where the lowest policy wrote it that has it, whatever was merged into it."""
    sources = [parsed(one, "one.yaml"), parsed(two, "two.yaml", 7), parsed(three, "three.yaml", 70)]
    whole = merge(merge(sources[0], sources[1]), sources[2])
    written: dict[Path, Model] = {}
    for source in sources:
        for path, model in models(source):
            # A list is replaced as a whole, and with it what stands in it.
            gone = [known for known in written if known[: len(path)] == path and path and isinstance(path[-1], int)]
            for known in gone:
                del written[known]
            written[path] = model
    for path, model in models(whole):
        assert model.at().place() == written[path].at().place() is not None, path
