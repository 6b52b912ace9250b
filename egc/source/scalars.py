"""What scalars mean: YAML 1.1 as PyYAML reads it, but dates and numbers to the base of 60 stay text."""

from collections.abc import Callable

import yaml

Scalar = str | int | float | bool | None

TAG = "tag:yaml.org,2002:"
_PATTERNS = yaml.SafeLoader.yaml_implicit_resolvers
_NUMBERS = {".inf": "inf", ".nan": "nan"}


class PlainScalars(dict[str, Scalar]):
    """The values of plain scalars by their text, each worked out once."""

    def __missing__(self, text: str) -> Scalar:
        value = self[text] = _resolve(text)
        return value


def _resolve(text: str) -> Scalar:
    for tag, pattern in _PATTERNS.get(text[:1], ()):
        if tag in CONSTRUCTORS and pattern.fullmatch(text):
            try:
                return CONSTRUCTORS[tag](text)
            except ValueError:  # base 60, no digits (0b_), or more digits than a number can have
                return text
    return text


def _null(text: str) -> None:
    if text.lower() not in ("", "~", "null"):
        raise ValueError(text)


def _bool(text: str) -> bool:
    try:
        return yaml.SafeLoader.bool_values[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _int(text: str) -> int:
    number = _digits(text)
    is_octal = number.lstrip("+-").startswith("0") and number.lstrip("+-0").isdigit()
    return int(number, 8 if is_octal else 0)


def _float(text: str) -> float:
    number = _digits(text).lower()
    sign = number[:1] if number.startswith(("+", "-")) else ""
    unsigned = number.removeprefix(sign)
    return float(sign + _NUMBERS.get(unsigned, unsigned))


def _digits(text: str) -> str:
    if not text.isascii() or text != text.strip():
        raise ValueError(text)
    return text.replace("_", "")


CONSTRUCTORS: dict[str, Callable[[str], Scalar]] = {
    f"{TAG}null": _null,
    f"{TAG}bool": _bool,
    f"{TAG}int": _int,
    f"{TAG}float": _float,
}
