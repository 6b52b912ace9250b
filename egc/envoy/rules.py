"""The validation rules on Envoy's fields (protoc-gen-validate), as constraints of values.

https://github.com/bufbuild/protoc-gen-validate/blob/main/README.md
"""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Constraint(NamedTuple):
    """What must hold of a value, and what to say when it does not."""

    holds: Callable[[Any], object]
    message: str


def constraints(rules: Any, show: Callable[[Any], str] = str) -> list[Constraint]:
    """What *rules*, a message such as StringRules, ask for; None asks for nothing. *show* says how to print a limit."""
    if rules is None:
        return []
    made = (_constraint(field.name, limit, rules, show) for field, limit in rules.ListFields())
    return [constraint for constraint in made if constraint is not None]


def _constraint(name: str, limit: Any, rules: Any, show: Callable[[Any], str]) -> Constraint | None:
    if name in _COMPARISONS:
        return _comparison(name, limit, show)
    if name in _LENGTHS:
        return _length(name, limit)
    if name == "pattern":
        return _pattern(limit)
    if name == "well_known_regex":
        return _header(limit, strict=rules.strict)
    if name == "unique":
        return Constraint(_unique, "must not hold the same item twice")
    return None  # required, ignore_empty, items, ...: for those who read messages and lists


def _comparison(name: str, limit: Any, show: Callable[[Any], str]) -> Constraint:
    compare, message = _COMPARISONS[name]
    limits = list(limit) if name in ("in", "not_in") else [limit]
    message = message.format(", ".join(map(show, limits)))
    # values.py reads a Duration as nanoseconds.
    limits = [one.ToNanoseconds() if hasattr(one, "nanos") else one for one in limits]
    expected = limits if name in ("in", "not_in") else limits[0]
    return Constraint(lambda value: compare(value, expected), message)


def _length(name: str, limit: int) -> Constraint:
    measure, compare, message = _LENGTHS[name]
    if compare is operator.ge and limit == 1:
        message = "must not be empty"
    return Constraint(lambda value: compare(measure(value), limit), message.format(limit))


def _pattern(pattern: str) -> Constraint | None:
    try:
        matches = re.compile(pattern, re.ASCII).fullmatch
    except re.error:  # RE2's syntax is not quite Python's; Envoy will judge
        return None
    return Constraint(matches, f"must match {pattern}")


def _header(kind: int, *, strict: bool) -> Constraint:
    """The three patterns of protoc-gen-validate, its "+-." (which allows a comma) included."""
    if not strict:
        return Constraint(re.compile(r"[^\x00\n\r]*").fullmatch, "must not contain a line break or NUL")
    if kind == _HTTP_HEADER_NAME:
        return Constraint(re.compile(r":?[0-9a-zA-Z!#$%&'*+-.^_|~`]+").fullmatch, "must be an HTTP header name")
    return Constraint(re.compile(r"[^\x00-\x08\n-\x1f\x7f]*").fullmatch, "must be an HTTP header value")


def _unique(items: Sequence[object]) -> bool:
    return all(item not in items[:place] for place, item in enumerate(items))


def _size(value: str | bytes) -> int:
    return len(value.encode() if isinstance(value, str) else value)


_HTTP_HEADER_NAME = 1

_COMPARISONS: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "const": (operator.eq, "must be {}"),
    "gt": (operator.gt, "must be greater than {}"),
    "gte": (operator.ge, "must be at least {}"),
    "lt": (operator.lt, "must be less than {}"),
    "lte": (operator.le, "must be at most {}"),
    "in": (lambda value, allowed: value in allowed, "must be one of {}"),
    "not_in": (lambda value, refused: value not in refused, "must not be {}"),
    "prefix": (lambda value, part: value.startswith(part), "must start with {}"),
    "suffix": (lambda value, part: value.endswith(part), "must end with {}"),
    "contains": (operator.contains, "must contain {}"),
    "not_contains": (lambda value, part: part not in value, "must not contain {}"),
}

_LENGTHS: dict[str, tuple[Callable[[Any], int], Callable[[int, int], bool], str]] = {
    "len": (len, operator.eq, "must be {} characters long"),
    "min_len": (len, operator.ge, "must be at least {} characters long"),
    "max_len": (len, operator.le, "must be at most {} characters long"),
    "len_bytes": (_size, operator.eq, "must be {} bytes long"),
    "min_bytes": (_size, operator.ge, "must be at least {} bytes long"),
    "max_bytes": (_size, operator.le, "must be at most {} bytes long"),
    "min_items": (len, operator.ge, "must have at least {} items"),
    "max_items": (len, operator.le, "must have at most {} items"),
    "min_pairs": (len, operator.ge, "must have at least {} entries"),
    "max_pairs": (len, operator.le, "must have at most {} entries"),
}
