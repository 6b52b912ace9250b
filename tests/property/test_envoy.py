"""Random messages of Envoy's API and random data, against protobuf's own JSON parser and libyaml."""

import dataclasses
import json
import random
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import betterproto2
import pytest
import yaml
from betterproto2 import FieldMetadata, Message
from envoy_data_plane.message_pool import default_message_pool
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from egc.envoy import api as pb
from egc.envoy import binary
from egc.envoy.check import Checker, check
from egc.envoy.descriptors import Descriptors, load
from egc.envoy.packages import PACKAGES
from egc.envoy.plain import Packed
from egc.envoy.printer import to_json, to_yaml

# Packages whose messages stand in no configuration, or (CEL) are known to differ from Envoy's.
ELSEWHERE = ("protobuf", "cel_syntax", "cel", "discovery", "rpc")
DEPTH = 3

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=25
)
lines = st.lists(
    st.sampled_from(["", " ", "a", " a", "a ", "\t", "# a", "---", "a: b", "- a", "é", "\x85"]), max_size=6
)


@given(plain)
def test_libyaml_reads_what_was_printed(data: object) -> None:
    """Any data comes back, the types of its scalars included."""
    read = yaml.load(to_yaml(data), yaml.CSafeLoader)
    assert repr(read) == repr(data)


@given(st.lists(lines.map("\n".join), max_size=3))
def test_libyaml_reads_every_text_of_several_lines(texts: list[str]) -> None:
    """Whatever the lines are and however many end the text, as values, items and at the top."""
    data = {"a": {"b": texts}, "c": dict(enumerate(texts))}
    assert yaml.load(to_yaml(data), yaml.CSafeLoader) == data
    for string in texts:
        assert yaml.load(to_yaml(string), yaml.CSafeLoader) == string


@given(plain)
def test_json_is_what_the_standard_library_writes(data: object) -> None:
    """Byte for byte."""
    assert to_json(data) == json.dumps(data, indent=1, ensure_ascii=False) + "\n"


@pytest.fixture(scope="session", name="known")
def known_types(envoy: Path) -> Descriptors:
    """What Envoy knows."""
    found = binary.find(str(envoy))
    assert found is not None
    return load(found)


@pytest.fixture(scope="session", name="maker")
def maker_of_messages() -> "Maker":
    """Makes messages of all kinds in all packages."""
    packages = [vars(getattr(pb, name)) for name in sorted(PACKAGES.keys() - {*ELSEWHERE})]
    found = [kind for package in packages for kind in package.values() if isinstance(kind, type)]
    return Maker([kind for kind in dict.fromkeys(found) if kind in default_message_pool.type_to_url])


class Maker:
    """Makes random messages, the same after the same seed."""

    def __init__(self, kinds: list[type[Message]]) -> None:
        self.kinds = kinds
        self.random = random.Random()

    def any_message(self, depth: int = DEPTH) -> Message:
        """A message of any kind."""
        return self.message(self.random.choice(self.kinds), depth)

    def message(self, kind: type[Message], depth: int) -> Message:
        """A message with a few fields, one of each oneof."""
        fields: list[dataclasses.Field[Any]] = list(dataclasses.fields(cast("Any", kind)))
        chosen = self.random.sample(fields, min(len(fields), self.random.randint(0, 5)))
        groups = {FieldMetadata.get(field).group or field.name: field for field in chosen}
        return kind(**{field.name: self.field(kind, field, depth) for field in groups.values()})

    def field(self, kind: type[Message], field: "dataclasses.Field[Any]", depth: int) -> Any:
        """A value of a field, zeros and empty ones too."""
        meta = FieldMetadata.get(field)
        types = cast("Any", kind)._betterproto.cls_by_field  # noqa: SLF001  # only it knows the types
        many = range(self.random.randint(0, 2))
        if meta.map_meta:
            key, value = meta.map_meta
            of = types[f"{field.name}.value"]
            return {self.value(key, str, depth): self.value(value, of, depth) for _ in many}
        if meta.repeated:
            return [self.value(meta, types[field.name], depth) for _ in many]
        return self.value(meta, types[field.name], depth)

    def value(self, meta: FieldMetadata, kind: type, depth: int) -> Any:
        """A value of the type that *meta* says; *kind* is the class of a message or an enum."""
        if meta.proto_type == betterproto2.TYPE_ENUM:
            return self.random.choice(list(cast("Any", kind)))
        if meta.proto_type != betterproto2.TYPE_MESSAGE:
            return self.random.choice(VALUES[meta.proto_type])
        if meta.unwrap:
            return self.random.choice(WRAPPED[meta.unwrap().__name__])
        if kind in (pb.protobuf.Struct, pb.protobuf.Value, pb.protobuf.ListValue):
            return cast("Any", kind).from_dict(self.random.choice(JSON[kind.__name__]))
        if kind is pb.protobuf.Any:
            return pb.pack(self.any_message(depth - 1)) if depth else pb.protobuf.Any()
        return self.message(kind, depth - 1) if depth else kind()


INTEGERS = [0, 1, 7, 2**31 - 1]
FLOATS = [0.0, 0.5, -1.5, 3.0, 2.0**40, float("inf"), float("nan")]
UNSIGNED = [*INTEGERS, 2**32 - 1]
SIGNED = [*INTEGERS, -1, -(2**31)]
TEXTS = ["", "a", "true", "é\n😀"]
BLOBS = [b"", b"a", b"\xff\xfe"]
VALUES: dict[str, list[Any]] = {
    "bool": [False, True],
    "string": TEXTS,
    "bytes": BLOBS,
    "int32": SIGNED,
    "sint32": SIGNED,
    "uint32": UNSIGNED,
    "int64": [*SIGNED, -(2**63), 2**63 - 1, 2**53 + 1],
    "uint64": [*UNSIGNED, 2**64 - 1],
    "double": [*FLOATS, 0.1, 1e300],
    "float": FLOATS,
}
WRAPPED: dict[str, list[Any]] = {
    "BoolValue": VALUES["bool"],
    "StringValue": TEXTS,
    "BytesValue": BLOBS,
    "UInt32Value": UNSIGNED,
    "UInt64Value": VALUES["uint64"],
    "DoubleValue": VALUES["double"],
    "FloatValue": FLOATS,
    "Duration": [timedelta(0), timedelta(days=1), timedelta(seconds=-3), timedelta(microseconds=1500)],
    "Timestamp": [datetime(2026, 1, 31, tzinfo=UTC), datetime(1999, 1, 1, 1, 2, 3, 450000, tzinfo=UTC)],
}
STRUCTS = [{}, {"a": [1, 2.5, None, {"b": "c"}], "": True}]
JSON: dict[str, list[Any]] = {"Struct": STRUCTS, "ListValue": [[], [STRUCTS]], "Value": [None, 1, "a", False, *STRUCTS]}

seeds = st.integers(0, 2**64)


def described(message: Message, known: Descriptors) -> Descriptor:
    """Envoy's own description of the message's type."""
    found = known.message(default_message_pool.type_to_url[type(message)].rpartition("/")[2])
    assert found is not None
    return found


def as_json(kind: Descriptor, known: Descriptors, make: Callable[[Any], Any]) -> dict[str, Any]:
    """What protobuf prints of a message of that kind, once *make* has filled it."""
    read = make(GetMessageClass(kind))
    printed: dict[str, Any] = json_format.MessageToDict(read, descriptor_pool=known.pool)
    return printed


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
@settings(max_examples=400)
@given(seeds)
def test_plain_data_is_what_the_message_says(maker: Maker, known: Descriptors, seed: int) -> None:
    """Protobuf reads the same from the plain data as from the bytes, and the checker has nothing against it."""
    maker.random.seed(seed)
    message = maker.any_message()
    data = pb.to_plain(message)
    kind = described(message, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Packed, "__bytes__", _packed_bytes)
        expected = as_json(kind, known, lambda cls: cls.FromString(bytes(message)))
    parsed = as_json(kind, known, lambda cls: json_format.ParseDict(deepcopy(data), cls(), descriptor_pool=known.pool))
    assert parsed == expected
    assert Checker(known, rules=False).message(kind)(data) == []
    assert yaml.load(to_yaml(data), yaml.CSafeLoader) == json.loads(to_json(data)) == data


def _packed_bytes(packed: Packed) -> bytes:
    assert isinstance(packed.content, Message)
    return bytes(pb.protobuf.Any(type_url=packed.type_url, value=bytes(packed.content)))


JUNK = [
    *(None, True, 5, -1, 2**70, 1.5, float("nan"), "", "x", "12", "1.5s", "AAAA", "AAAAA", "\ud800"),
    *([], [None], {}, {"a": 1}, {"@type": "type.googleapis.com/none.Such"}, {"@type": 1}),
    {"@type": "type.googleapis.com/google.protobuf.Duration"},
]


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
@settings(max_examples=400)
@given(seeds)
def test_what_protobuf_refuses_is_reported(maker: Maker, known: Descriptors, seed: int) -> None:
    """Junk somewhere in the data: if protobuf's parser refuses it, so does the checker."""
    maker.random.seed(seed)
    message = maker.any_message()
    kind = described(message, known)
    data = pb.to_plain(message)
    spoil(data, maker.random)
    try:
        json_format.ParseDict(deepcopy(data), GetMessageClass(kind)(), descriptor_pool=known.pool)
    except Exception:  # noqa: BLE001  # the parser raises whatever comes
        assert check(data, known, kind.full_name), data


def spoil(data: dict[str, Any], choose: random.Random) -> None:
    """Change one place of *data*: put junk in it, or give it another key."""
    places: list[tuple[Any, Any]] = []

    def visit(node: Any) -> None:
        steps = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for step in steps:
            places.append((node, step))
            visit(node[step])

    visit(data)
    node, step = choose.choice(places) if places else (data, "junk")
    if isinstance(node, dict) and choose.random() < 0.2:
        step = choose.choice(["junk", "name", "@type", step])
    node[step] = choose.choice(JUNK)
