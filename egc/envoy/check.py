"""A plain configuration against the descriptors of the Envoy that will run it: every error, with its path.

Envoy stops at the first error and does not say where; protobuf's own parser knows no validation rules.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor

from egc.envoy.descriptors import Descriptors
from egc.envoy.rules import constraints
from egc.envoy.values import (
    READS,
    Check,
    Violation,
    check_of,
    read_duration,
    read_enum,
    read_json,
    read_list,
    read_map_key,
    read_string,
    read_struct,
    read_timestamp,
    suggestion,
    wrong,
)


def check(
    data: dict[str, Any], descriptors: Descriptors, root: str = "envoy.config.bootstrap.v3.Bootstrap"
) -> list[Violation]:
    """Find all that Envoy's schema and validation rules have against *data*, a message of type *root*."""
    descriptor = descriptors.message(root)
    if descriptor is None:
        return [Violation((), f"this Envoy has no type {root}")]
    return list(_checker(descriptors).message(descriptor)(data) or ())


class Checker:
    """Makes the checks of messages and fields, each when first met; with *rules* off, of the schema alone."""

    def __init__(self, descriptors: Descriptors, *, rules: bool = True) -> None:
        self.descriptors = descriptors
        self.rules = rules
        self._messages: dict[str, Check] = {}

    @cached_property
    def _schema(self) -> "Checker":
        return Checker(self.descriptors, rules=False)

    def message(self, descriptor: Descriptor) -> Check:
        """The check of a message in its JSON form."""
        name = descriptor.full_name
        if name not in self._messages:
            self._messages[name] = self._well_known(descriptor) or _Message(self, descriptor)
        return self._messages[name]

    def _well_known(self, descriptor: Descriptor) -> Check | None:
        name = descriptor.full_name
        if name == _ANY:
            return self._any
        if name in _WRAPPERS:
            return self._scalar(descriptor.fields_by_name["value"], None)
        return _WELL_KNOWN.get(name)

    def field(self, field: FieldDescriptor) -> tuple[Check, bool]:
        """The check of a field's value, and whether the field must be there."""
        rules = self.descriptors.rules(field) if self.rules else None
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            check: Check = self._map(field.message_type, rules)
            return check, bool(check({}))
        if field.is_repeated:
            check = self._list(field, rules)
            return check, bool(check([]))
        check = self._single(field, rules)
        if rules is None or field.containing_oneof:
            # Rules on a member of a oneof, "required" too, count when it is the one chosen.
            return check, False
        if field.message_type is not None:
            return check, rules.message.required or getattr(_typed(rules), "required", False)
        # Without presence, the default is judged like any other value.
        return check, bool(check(_DEFAULTS.get(field.type, 0)))

    def _single(self, field: FieldDescriptor, rules: Any) -> Check:
        if field.message_type is None:
            return self._scalar(field, rules)
        if rules is not None and rules.message.skip:
            return self._schema.message(field.message_type)
        name = field.message_type.full_name
        if name == _DURATION:
            return check_of(read_duration, constraints(_typed(rules), lambda limit: str(limit.ToJsonString())))
        if name in _WRAPPERS:
            return self._scalar(field.message_type.fields_by_name["value"], rules)
        return self.message(field.message_type)

    def _scalar(self, field: FieldDescriptor, rules: Any) -> Check:
        typed, enum = _typed(rules), field.enum_type
        if enum is not None:
            read = read_enum(enum, known_only=getattr(typed, "defined_only", False))
            return check_of(read, constraints(typed, lambda number: str(enum.values_by_number[number].name)))
        return check_of(READS[field.type], constraints(typed, _shown), ignore_empty=_ignores_empty(typed))

    def _list(self, field: FieldDescriptor, rules: Any) -> Check:
        typed = _typed(rules)
        item = self._single(field, typed.items if typed is not None and typed.HasField("items") else None)
        whole = check_of(_read_list, constraints(typed), ignore_empty=_ignores_empty(typed))

        def check(items: Any) -> list[Violation]:
            found = whole(items) or []
            for index, value in enumerate(items if isinstance(items, list) else ()):
                if problems := item(value):
                    found += _below(index, problems)
            return found

        return check

    def _map(self, entry: Descriptor, rules: Any) -> Check:
        typed = _typed(rules)
        key_rules, value_rules = (typed.keys, typed.values) if typed is not None else (None, None)
        key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
        key_check = check_of(read_map_key(key_field.type), constraints(_typed(key_rules)))
        value_check = self._single(value_field, value_rules)
        whole = check_of(_read_map, constraints(typed), ignore_empty=_ignores_empty(typed))

        def check(pairs: Any) -> list[Violation]:
            found = whole(pairs) or []
            for key, value in pairs.items() if isinstance(pairs, dict) else ():
                if problems := key_check(key) or value_check(value):
                    found += _below(key, problems)
            return found

        return check

    def _any(self, data: Any) -> list[Violation] | None:
        if not isinstance(data, dict):
            return [Violation((), wrong("a mapping with @type", data))]
        if not data:
            return None
        url = data.get("@type")
        host, _, name = url.rpartition("/") if isinstance(url, str) else ("", "", "")
        if not host:
            return [Violation(("@type",), 'must be "type.googleapis.com/" and the name of a message')]
        descriptor = self.descriptors.message(name)
        if descriptor is None:
            return [Violation(("@type",), f"this Envoy has no type {name}")]
        return self._content(descriptor)({key: value for key, value in data.items() if key != "@type"})

    def _content(self, descriptor: Descriptor) -> Check:
        """The check of what an Any holds beside @type: fields, or the "value" of a type whose JSON is no mapping."""
        check = self.message(descriptor)
        if isinstance(check, _Message):
            return check

        def value_check(data: dict[str, Any]) -> list[Violation] | None:
            if data.keys() != {"value"}:
                return [Violation((), f"a {descriptor.full_name} has a value here, and nothing else")]
            problems = check(data["value"])
            return _below("value", problems) if problems else None

        return value_check


class _Message:
    """The check of one type of message.

    Which fields are unknown, missing or in conflict depends on the keys alone, and many messages have the same keys:
    that is worked out once for each sequence of keys.
    """

    def __init__(self, checker: Checker, descriptor: Descriptor) -> None:
        self.checker = checker
        self.descriptor = descriptor
        self.names = {key: field.name for field in descriptor.fields for key in (field.name, field.json_name)}
        self._shapes: dict[tuple[Any, ...], tuple[list[tuple[Any, Check]], list[Violation]]] = {}

    @cached_property
    def fields(self) -> dict[str, tuple[Check, bool]]:
        """The check of each field, and whether it must be there."""
        return {field.name: self.checker.field(field) for field in self.descriptor.fields}

    def __call__(self, data: Any) -> list[Violation]:
        if not isinstance(data, dict):
            return [Violation((), wrong("a mapping", data))]
        shape = tuple(data)
        known = self._shapes.get(shape)
        if known is None:
            known = self._shapes[shape] = self._shape(shape)
        checks, found = known
        for key, check in checks:
            if problems := check(data[key]):
                if data[key] is None:  # null is as good as absent, but for a google.protobuf.Value
                    return self({other: value for other, value in data.items() if other != key})
                found = found + _below(key, problems)
        return found

    def _shape(self, keys: tuple[Any, ...]) -> tuple[list[tuple[Any, Check]], list[Violation]]:
        """The check of each key's value, and what is wrong with the keys."""
        checks, found = [], []
        present: dict[str, Any] = {}
        for key in keys:
            name = self.names.get(key)
            if name is None:
                hint = suggestion(key, self.names)
                found.append(Violation((key,), f"{self.descriptor.full_name} has no such field{hint}"))
            elif name in present:
                found.append(Violation((key,), f"is given twice, as {present[name]!r} too"))
            present[name or key] = key
            checks.append((key, self.fields[name][0] if name else _nothing))
        for oneof in self.descriptor.oneofs:
            found += self._oneof(oneof, present)
        missing = (name for name, (_, required) in self.fields.items() if required and name not in present)
        found += [Violation((name,), "is required") for name in missing]
        return checks, found

    def _oneof(self, oneof: OneofDescriptor, present: dict[str, Any]) -> list[Violation]:
        members = [field.name for field in oneof.fields]
        first, *others = [present[name] for name in members if name in present] or [None]
        if first is None and self.checker.rules and self.checker.descriptors.required(oneof):
            return [Violation((), f"one of {', '.join(members)} is required")]
        return [Violation((other,), f"cannot be set together with {first!r}") for other in others]


@lru_cache(maxsize=4)
def _checker(descriptors: Descriptors) -> Checker:
    return Checker(descriptors)


def _typed(rules: Any) -> Any:
    """The part of a FieldRules that is for the field's own type, None if there is none."""
    kind = rules.WhichOneof("type") if rules is not None else None
    return getattr(rules, kind) if kind else None


def _ignores_empty(typed: Any) -> bool:
    return getattr(typed, "ignore_empty", False)


def _shown(limit: object) -> str:
    return str(limit).lower() if isinstance(limit, bool) else str(limit)


def _below(step: str | int, violations: Iterable[Violation]) -> list[Violation]:
    return [Violation((step, *path), message) for path, message in violations]


def _read_list(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError(wrong("a list", value))
    return value


def _read_map(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(wrong("a mapping", value))
    return value


def _nothing(value: object) -> None:
    """The check of what may be anything."""


_ANY = "google.protobuf.Any"
_DURATION = "google.protobuf.Duration"
_WRAPPERS = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
)
_WELL_KNOWN: dict[str, Check] = {
    _DURATION: check_of(read_duration),
    "google.protobuf.FieldMask": check_of(read_string),
    "google.protobuf.ListValue": check_of(read_list),
    "google.protobuf.Struct": check_of(read_struct),
    "google.protobuf.Timestamp": check_of(read_timestamp),
    "google.protobuf.Value": check_of(read_json),
}
_DEFAULTS: dict[int, object] = {
    FieldDescriptor.TYPE_STRING: "",
    FieldDescriptor.TYPE_BYTES: "",
    FieldDescriptor.TYPE_BOOL: False,
}
