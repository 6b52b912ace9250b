"""Messages to plain data: proto3 JSON with the field names of the .proto files, as Envoy's documentation writes them.

envoy_data_plane's own to_dict() is 200 times slower and gets three names wrong (consecutive_5xx is one); its
Any.pack() serializes every extension, only for to_dict() to parse it again.
"""

import dataclasses
import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import betterproto2 as proto
from betterproto2 import FieldMetadata, Message

from egc.envoy.loader import load

if TYPE_CHECKING:
    from envoy_data_plane.google import protobuf
    from envoy_data_plane.message_pool import default_message_pool
else:
    protobuf = load("envoy_data_plane.google.protobuf")
    default_message_pool = load("envoy_data_plane.message_pool").default_message_pool

Convert = Callable[[Any], Any]
Step = tuple[str, bool, Convert | None]


class Packed(protobuf.Any):
    """A google.protobuf.Any that keeps its content, a message or plain fields: to change it later is fine."""

    content: Message | Mapping[str, Any]

    def __init__(self, type_url: str, content: Message | Mapping[str, Any]) -> None:
        self.__dict__.update(type_url=type_url, content=content, _unknown_fields=b"")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and (self.type_url, self.content) == (other.type_url, other.content)

    def __repr__(self) -> str:
        return f"Packed({self.type_url!r}, {self.content!r})"

    __hash__ = None  # type: ignore[assignment]  # as of any message

    def __deepcopy__(self, _: object = None) -> "Packed":
        return Packed(self.type_url, deepcopy(self.content))


def pack(message: Message) -> protobuf.Any:
    """An Any that holds *message*. (``protobuf.Any()`` is the empty one, ``{}``.)"""
    return Packed(default_message_pool.type_to_url[type(message)], message)


def raw(type_name: str, fields: Mapping[str, Any]) -> protobuf.Any:
    """An Any of a type that envoy_data_plane lacks, by its full name and its fields in proto3 JSON."""
    return Packed(f"type.googleapis.com/{type_name}", fields)


def to_plain(message: Message) -> dict[str, Any]:
    """The message as plain data, its fields in the order of the .proto file."""
    plain: dict[str, Any] = _plain(message)
    return plain


def _plain(message: Message) -> Any:
    cls = type(message)
    if cls in _WELL_KNOWN:
        return _WELL_KNOWN[cls](message)
    values = message.__dict__
    # Most messages of a configuration are of few shapes (class and fields set), so each shape is worked out once.
    shape = (cls, *values)
    steps = _steps.get(shape)
    if steps is None:
        steps = _steps[shape] = _steps_of(cls, values)
    plain = {}
    for name, presence, convert in steps:
        value = values[name]
        # Presence is tested first, as truth of a message is slow (and an empty message is false).
        if value is not None if presence else value:
            plain[name] = convert(value) if convert else value
    return plain


_steps: dict[tuple[object, ...], list[Step]] = {}


def _steps_of(cls: type[Message], values: Mapping[str, object]) -> list[Step]:
    """For each field that is set: its name, whether it has presence, what makes its value plain."""
    fields = [(field.name, FieldMetadata.get(field)) for field in dataclasses.fields(cast("Any", cls))]
    return [(name, bool(meta.optional), _converter(meta)) for name, meta in fields if name in values]


def _converter(meta: FieldMetadata) -> Convert | None:
    """What makes a field's value plain, None when it is so already."""
    if meta.map_meta:
        value = _single(meta.map_meta[1]) or _same
        return lambda pairs: {str(key): value(item) for key, item in pairs.items()}
    convert = _single(meta)
    if meta.repeated:
        return list if convert is None else lambda items: [convert(item) for item in items]
    return convert


def _single(meta: FieldMetadata) -> Convert | None:
    if meta.proto_type == proto.TYPE_MESSAGE:
        return _WRAPPED[meta.unwrap()] if meta.unwrap else _plain
    return _SCALARS.get(meta.proto_type)


def _same(value: object) -> object:
    return value


def _enum(member: proto.Enum) -> str | int:
    return member.proto_name or member.name or int(member)


def _int64(number: int) -> int | str:
    return number if abs(number) <= _EXACT else str(number)


def _float(number: float) -> float | str:
    """Whole numbers as integers, so that 50 and 50.0 print alike."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return int(number) if abs(number) <= _EXACT and number == int(number) else number


def _bytes(value: bytes) -> str:
    return b64encode(value).decode()


def _duration(delta: timedelta) -> str:
    return _seconds(delta // timedelta(microseconds=1) * 1000)


def _seconds(nanoseconds: int) -> str:
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{'-' if nanoseconds < 0 else ''}{seconds}{fraction}s"


def _timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _struct(struct: protobuf.Struct) -> dict[str, Any]:
    return {key: _value(value) for key, value in struct.fields.items()}


def _list(values: protobuf.ListValue) -> list[Any]:
    return [_value(value) for value in values.values]


def _value(value: protobuf.Value) -> Any:
    if value.struct_value is not None:
        return _struct(value.struct_value)
    if value.list_value is not None:
        return _list(value.list_value)
    if value.number_value is not None:
        return _float(value.number_value)
    return value.bool_value if value.string_value is None else value.string_value


def _packed(packed: Packed) -> dict[str, Any]:
    content = packed.content
    if not isinstance(content, Message):
        return {"@type": packed.type_url, **content}
    plain = _plain(content)
    return {"@type": packed.type_url, **({"value": plain} if type(content) in _WELL_KNOWN else plain)}


def _unwrapped(wrapper: Any) -> Any:
    convert = _WRAPPERS[type(wrapper)] or _same
    return convert(wrapper.value)


def _empty(unpacked: protobuf.Any) -> dict[str, Any]:
    if unpacked.type_url:
        raise TypeError("an Any is made by pack() or raw()")
    return {}


_EXACT = 2**53  # Envoy reads YAML numbers as doubles

_SCALARS: dict[str, Convert] = {
    proto.TYPE_ENUM: _enum,
    proto.TYPE_BYTES: _bytes,
    **dict.fromkeys((proto.TYPE_DOUBLE, proto.TYPE_FLOAT), _float),
    **dict.fromkeys(proto.INT_64_TYPES, _int64),
}

_WRAPPERS: dict[type[Message], Convert | None] = {
    protobuf.BytesValue: _bytes,
    **dict.fromkeys((protobuf.BoolValue, protobuf.StringValue, protobuf.Int32Value, protobuf.UInt32Value)),
    **dict.fromkeys((protobuf.Int64Value, protobuf.UInt64Value), _int64),
    **dict.fromkeys((protobuf.DoubleValue, protobuf.FloatValue), _float),
}

# Fields of these types hold a Python value in the place of the message.
_WRAPPED: dict[type[Message], Convert | None] = {
    **_WRAPPERS,
    protobuf.Duration: _duration,
    protobuf.Timestamp: _timestamp,
}

# Messages whose JSON is not an object of their fields.
_WELL_KNOWN: dict[type[Message], Convert] = {
    Packed: _packed,
    protobuf.Any: _empty,
    protobuf.Struct: _struct,
    protobuf.ListValue: _list,
    protobuf.Value: _value,
    protobuf.Duration: lambda duration: _seconds(duration.seconds * 10**9 + duration.nanos),
    protobuf.Timestamp: lambda timestamp: _timestamp(timestamp.to_datetime()),
    **dict.fromkeys(_WRAPPERS, _unwrapped),
}
