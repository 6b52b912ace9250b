"""Single values of proto3 JSON: does this plain value fit a field of that type, and its rules?

https://protobuf.dev/programming-guides/json/. Envoy itself reads a little more (an enum in lower case, "1" for true);
what egc writes needs none of it.
"""

import math
import re
import struct
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from egc.envoy.rules import Constraint


class Violation(NamedTuple):
    """One thing that Envoy would reject: the keys and indices that lead to it, and what is wrong there."""

    path: tuple[str | int, ...]
    message: str


Check = Callable[[Any], list[Violation] | None]
Read = Callable[[Any], Any]


def check_of(read: Read, constraints: Iterable[Constraint] = (), *, ignore_empty: bool = False) -> Check:
    """A check that reads a value (ValueError says why it cannot) and tests what was read."""
    constraints = tuple(constraints)

    def check(value: Any) -> list[Violation] | None:
        try:
            value = read(value)
        except ValueError as error:
            return [Violation((), str(error))]
        if ignore_empty and not value:
            return None
        for holds, message in constraints:
            if not holds(value):
                return [Violation((), message)]
        return None

    return check


def wrong(expected: str, value: object) -> str:
    """Say what was expected and what came. The value itself is not named: it may be a secret."""
    return f"expected {expected}, not {_KINDS.get(type(value), 'something else')}"


def suggestion(word: object, known: Iterable[str]) -> str:
    """Say what may have been meant, "" when nothing is close."""
    close = get_close_matches(str(word), known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def read_string(value: object) -> str:
    """A string that UTF-8 can hold."""
    if not isinstance(value, str):
        raise ValueError(wrong("a string", value))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("is not valid Unicode") from None
    return value


def read_bool(value: object) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise ValueError(wrong("true or false", value))
    return value


def read_bytes(value: object) -> bytes:
    """Base64, of either alphabet, padded or not."""
    if not isinstance(value, str):
        raise ValueError(wrong("a string (base64)", value))
    text = value.rstrip("=")
    if not _BASE64.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("is not base64")
    return urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))


def read_duration(value: object) -> int:
    """Seconds with an "s", as nanoseconds."""
    if not isinstance(value, str):
        raise ValueError(wrong('a duration such as "1.5s"', value))
    found = _DURATION.fullmatch(value)
    if found is None or int(found[2]) > _LONGEST_DURATION:
        raise ValueError('must be a duration such as "1.5s"')
    nanoseconds = int(found[2]) * 10**9 + int((found[3] or "").ljust(9, "0"))
    return -nanoseconds if found[1] else nanoseconds


def read_timestamp(value: object) -> datetime:
    """RFC 3339."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        raise ValueError('must be a time such as "2026-01-31T00:00:00Z"')
    return datetime.fromisoformat(value)


def read_json(value: object) -> object:
    """Whatever JSON can hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            read_json(key)
            read_json(item)
    elif isinstance(value, list):
        for item in value:
            read_json(item)
    elif isinstance(value, str):
        read_string(value)
    elif not (value is None or isinstance(value, bool | int | float)):
        raise ValueError(wrong("JSON", value))
    return value


def read_list(value: object) -> object:
    """A list of whatever JSON can hold."""
    if not isinstance(value, list):
        raise ValueError(wrong("a list", value))
    return read_json(value)


def read_struct(value: object) -> object:
    """A mapping of whatever JSON can hold."""
    if not isinstance(value, dict):
        raise ValueError(wrong("a mapping", value))
    return read_json(value)


def read_enum(enum: EnumDescriptor, *, known_only: bool) -> Read:
    """The name of a value, or its number. Unless *known_only*, proto3 lets pass a number that has no name."""
    numbers = {value.name: value.number for value in enum.values}
    known = frozenset(numbers.values())

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(wrong(f"a {enum.full_name}", value))
        number = numbers.get(value) if isinstance(value, str) else value
        if number is None and _INTEGER.fullmatch(str(value)):
            number = int(value)
        if number is None or not -(2**31) <= number < 2**31 or (known_only and number not in known):
            raise ValueError(f"{enum.full_name} has no value {value!r}{suggestion(value, numbers)}")
        return number

    return read


def _read_integer(low: int, high: int) -> Read:
    def read(value: object) -> int:
        if (isinstance(value, str) and _INTEGER.fullmatch(value)) or (isinstance(value, float) and value.is_integer()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(wrong("an integer", value))
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}")
        return value

    return read


def _read_double(value: object) -> float:
    if isinstance(value, str) and (value in _SPECIAL or _NUMBER.fullmatch(value)):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(wrong("a number", value))
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError('must be finite, or a string: "Infinity", "-Infinity", "NaN"')
    try:
        return float(value)
    except OverflowError:
        raise ValueError("is too large") from None


def _read_float(value: object) -> float:
    number = _read_double(value)
    try:
        struct.pack("f", number)
    except OverflowError:
        raise ValueError("is too large") from None
    return number


def read_map_key(kind: int) -> Read:
    """A map's key, which JSON writes as a string."""
    return _read_bool_key if kind == FieldDescriptor.TYPE_BOOL else READS[kind]


def _read_bool_key(value: object) -> bool:
    if value not in ("true", "false"):
        raise ValueError('must be "true" or "false"')
    return value == "true"


# Every scalar type but enums.
READS: dict[int, Read] = {
    FieldDescriptor.TYPE_STRING: read_string,
    FieldDescriptor.TYPE_BYTES: read_bytes,
    FieldDescriptor.TYPE_BOOL: read_bool,
    FieldDescriptor.TYPE_DOUBLE: _read_double,
    FieldDescriptor.TYPE_FLOAT: _read_float,
    **dict.fromkeys(
        (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32),
        _read_integer(-(2**31), 2**31 - 1),
    ),
    **dict.fromkeys(
        (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64),
        _read_integer(-(2**63), 2**63 - 1),
    ),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32), _read_integer(0, 2**32 - 1)),
    **dict.fromkeys((FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), _read_integer(0, 2**64 - 1)),
}

_KINDS: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    type(None): "null",
}
_BASE64 = re.compile(r"[\w+/-]*", re.ASCII)
_DURATION = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,9}))?s")
_LONGEST_DURATION = 315_576_000_000
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SPECIAL = frozenset(["Infinity", "-Infinity", "NaN"])
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
