"""What an API server says of an object: defaults first, then every rule at every place that the object has.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

import ipaddress
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from tests.cel.schema import Schema, Steps, schemas

# Names of fields that CEL itself uses are written __name__ in rules.
_RESERVED = frozenset({
    *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
    *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
})  # fmt: skip


def broken(obj: dict[str, Any]) -> set[tuple[Steps, str]]:
    """Place and message of every rule that an object breaks."""
    schema = schemas()[obj["apiVersion"], obj["kind"]]
    return set(_broken(schema, defaulted(schema, obj), ()))


def defaulted(schema: Schema, value: Any) -> Any:
    """A copy of a value in which what is missing has its default."""
    if isinstance(value, list):
        return [defaulted(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    whole = {name: deepcopy(child["default"]) for name, child in properties.items() if "default" in child} | value
    schemas_of = {name: properties.get(name, rest if isinstance(rest, dict) else {}) for name in whole}
    return {name: defaulted(schemas_of[name], child) for name, child in whole.items()}


def _broken(schema: Schema, value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"] and not holds(rule["rule"], escaped(schema, value)):
            yield steps, rule["message"]
    if isinstance(value, list):
        for item in value:
            yield from _broken(schema["items"], item, (*steps, "[]"))
    elif isinstance(value, dict):
        for name, child in value.items():
            if name in schema.get("properties", {}):
                yield from _broken(schema["properties"][name], child, (*steps, name))


def holds(expression: str, value: Any) -> bool:
    """Whether a rule accepts a value. One that cannot be evaluated, since a field is missing, does not."""
    return _compiled(expression).eval(data={"self": value}).value() is True


def escaped(schema: Schema, value: Any) -> Any:
    """A value with the names of its fields as rules write them; the keys of maps stay."""
    if isinstance(value, list):
        return [escaped(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    return {_name(k) if k in properties else k: escaped(properties.get(k, {}), child) for k, child in value.items()}


def _name(field: str) -> str:
    if field in _RESERVED:
        return f"__{field}__"
    for char, word in {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}.items():
        field = field.replace(char, word)
    return field


@cache
def _compiled(expression: str) -> cel.Expression:
    return _environment().compile(expression)


@cache
def _environment() -> cel.Env:
    """The standard functions, those on strings, and Kubernetes' own. ``matches`` is RE2's."""
    is_ip = cel.Overload(id="is_ip", return_type=cel.Type.BOOL, parameters=[cel.Type.STRING], impl=_is_ip)
    functions = [cel.FunctionDecl("isIP", [is_ip])]
    return cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()], functions=functions)


def _is_ip(text: str) -> bool:
    """https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#IP: no zones, and no IPv4 within IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text and not re.search(r":.*\.", text) and getattr(address, "ipv4_mapped", None) is None
