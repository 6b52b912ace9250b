"""pydantic's errors in the words of the person who wrote the YAML."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from egc.diagnostics import Rule, Severity, did_you_mean, suggest
from egc.kube.forms import SORTS
from egc.kube.model import Model

UNKNOWN_FIELD = Rule(
    code="EGC1041",
    severity=Severity.ERROR,
    title="unknown field",
    explanation="""
        The kind has no such field. Kubernetes would refuse it too (or drop it in silence, without strict validation).

        ```yaml
        apiVersion: gateway.networking.k8s.io/v1
        kind: GatewayClass
        metadata: {name: eg}
        spec:
          controllername: gateway.envoyproxy.io/gatewayclass-controller   # controllerName
        ```
        """,
)
MISSING_FIELD = Rule(
    code="EGC1042",
    severity=Severity.ERROR,
    title="required field is missing",
    explanation="The kind's schema requires the field, and it has no default.",
)
WRONG_TYPE = Rule(
    code="EGC1043",
    severity=Severity.ERROR,
    title="value of the wrong type",
    explanation="""
        The schema wants another type, and nothing is converted. The usual cause is a number or a boolean
        where a string is wanted: YAML reads `443` as a number and `true` as a boolean unless quoted.

        ```yaml
        - {name: X-Forwarded-Port, value: 443}    # value: "443"
        ```
        """,
)
BAD_VALUE = Rule(
    code="EGC1044",
    severity=Severity.ERROR,
    title="value out of range or of the wrong form",
    explanation="The value has the right type, but the schema does not allow it: too small, too long, of another form.",
)
BAD_CHOICE = Rule(
    code="EGC1045",
    severity=Severity.ERROR,
    title="value is not one of the choices",
    explanation="The schema lists the values that are allowed; upper and lower case matter.",
)

_TYPES = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "bool_type": "true or false",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": "is less than {ge}",
    "greater_than": "is not more than {gt}",
    "less_than_equal": "is more than {le}",
    "less_than": "is not less than {lt}",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "is shorter than {min_length} characters",
    "too_long": "has {actual_length} items, more than {max_length}",
    "too_short": "has {actual_length} items, fewer than {min_length}",
}
_COUNTLESS = 2**31 - 1  # a bound that only says how numbers are stored


def misfit(said: str, *below: str | int, text: str = "", more: str = "", on_key: bool = False) -> PydanticCustomError:
    """What a validator raises of a value that it refuses for what stands *below* it, at its key if that is at fault."""
    return PydanticCustomError("form", said, {"text": text, "more": more, "below": below, "on_key": on_key})


def below(error: ErrorDetails) -> tuple[str | int, ...]:
    """Where below the place of an error its cause is."""
    return tuple(error.get("ctx", {}).get("below", ()))


def describe(error: ErrorDetails, root: type[Model]) -> tuple[Rule, str, str, bool]:
    """Rule, message, help and whether the key (not the value) is at fault."""
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    name = next((str(step) for step in reversed(error["loc"]) if isinstance(step, str)), "")
    if kind == "extra_forbidden":
        known = _known(error, root)
        listing = f"known here: {', '.join(sorted(known))}" if known else ""
        return UNKNOWN_FIELD, f'unknown field "{name}"', did_you_mean(name, known) or listing, True
    if kind == "missing":
        return MISSING_FIELD, f'"{name}" is missing', f'add "{name}"', False
    if kind in _TYPES:
        # Where a Secret's values should be, anything may be one of them.
        given = " ".join(spoken(value).split()[:2]) if root.__name__ == "Secret" else spoken(value)
        message = f"{_subject(error, name)} must be {_TYPES[kind]}, not {given}"
        return WRONG_TYPE, message, _quote_it(kind, value), False
    if kind == "literal_error":
        choices = _choices(context)
        near = did_you_mean(value, choices) if isinstance(value, str) else ""
        return BAD_CHOICE, f'{_quoted(value)} is not a value of "{name}"', near or f"one of {', '.join(choices)}", False
    if (sort := str(context.get("sort"))) in SORTS:
        rule, hint = SORTS[sort]
        return rule, f"{name}: {_quoted(value)} {error['msg']}", hint(value), False
    if context.get("min_length") == 1:
        return BAD_VALUE, f"{_subject(error, name)} is empty", "", False
    if kind in ("too_long", "too_short") and isinstance(value, list | dict):
        context = {**context, "actual_length": len(value)}  # pydantic does not count what is in mappings
    said = _BOUNDS[kind].format(**context) if kind in _BOUNDS else error["msg"]
    if kind == "string_pattern_mismatch":
        said = f"is not of the form {context['pattern']}"
    subject = f'"{name}"' if isinstance(value, list | dict) else f"{name}: {_quoted(value)}"
    allowed = _range(error, root) if isinstance(value, int) else ""
    return BAD_VALUE, f"{subject} {said}", allowed, bool(context.get("on_key"))


def _range(error: ErrorDetails, root: type[Model]) -> str:
    """What a number may be, as far as it says more than the message."""
    path = error["loc"]
    while path and isinstance(path[-1], int):
        path = path[:-1]
    owner = model_at(root, path[:-1]) if path else None
    field = next((f for n, f in owner.model_fields.items() if (f.alias or n) == path[-1]), None) if owner else None
    bounds = list(_metadata(field)) if field is not None else []
    low = next((bound.ge for bound in bounds if isinstance(bound, Ge)), None)
    high = next((bound.le for bound in bounds if isinstance(bound, Le)), None)
    return f"from {low} to {high}" if low is not None and isinstance(high, int) and high < _COUNTLESS else ""


def _metadata(annotation: object) -> Iterator[object]:
    """What is said of a field's values, or of the items of its list."""
    if isinstance(annotation, FieldInfo):
        yield from annotation.metadata
        yield from _metadata(annotation.annotation)
    elif get_origin(annotation) is Annotated:
        for said in get_args(annotation):
            yield from _metadata(said)
    else:
        for argument in get_args(annotation):
            yield from _metadata(argument)


def intended(error: ErrorDetails, root: type[Model]) -> tuple[int | str, ...]:
    """The path of the field that an unknown one was likely meant to be; nothing for other errors."""
    if error["type"] != "extra_forbidden":
        return ()
    near = suggest(str(error["loc"][-1]), _known(error, root))
    return (*error["loc"][:-1], near) if near is not None else ()


def _known(error: ErrorDetails, root: type[Model]) -> list[str]:
    """The fields of the model in which an unknown one stands."""
    owner = model_at(root, error["loc"][:-1])
    return [field.alias or name for name, field in owner.model_fields.items()] if owner else []


def _subject(error: ErrorDetails, name: str) -> str:
    if not name:
        return "the document"
    return f'an item of "{name}"' if isinstance(error["loc"][-1], int) else f'"{name}"'


def model_at(root: type[Model], loc: tuple[int | str, ...]) -> type[Model] | None:
    """The model class that a path of YAML keys leads to."""
    model: type[Model] | None = root
    for step in loc:
        if isinstance(step, str) and model is not None:
            field = next((f for n, f in model.model_fields.items() if (f.alias or n) == step), None)
            model = _model_of(field) if field else model
    return model


def _model_of(field: FieldInfo) -> type[Model] | None:
    return _find_model(field.annotation)


def _find_model(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _find_model(arg)) is not None), None)


def _choices(context: dict[str, Any]) -> list[str]:
    words = str(context.get("expected", "")).replace(" or ", ", ").split(", ")
    return [word.strip("' ") for word in words if word.strip("' ")]


def _quoted(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"' if isinstance(value, str) else text


def spoken(value: object) -> str:
    """The value as a YAML reader would say it."""
    match value:
        case None:
            return "empty"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the string {_quoted(value)}"
        case list():
            return "a list"
    return "a mapping"


def _quote_it(kind: str, value: object) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put it in quotes"
    if kind not in ("int_type", "bool_type") or not isinstance(value, str):
        return ""
    if "${" in value:
        return "say with --set what to put there"
    number = value.removesuffix("%").strip()
    if kind == "int_type" and not number.isdecimal():
        return ""
    return "remove the quotes" if number == value else f"write {number}"
