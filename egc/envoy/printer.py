"""Plain data as text: block-style YAML that a reviewer can read and no YAML reader can misread, or JSON.

libyaml's emitter takes twenty times as long, and quotes for one version of YAML only.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from typing import Any

# What may stand unquoted is listed, not what may not. No number, timestamp or .inf of any YAML version starts with a
# letter, "_" or "/", and no indicator is in the list; of what starts with a digit, only Envoy's durations are plain.
_PLAIN = re.compile(r"(?:[A-Za-z_/][\w./%@+*-]*(?:[ :][\w./%@+*-]+)*|\d+(?:\.\d+)?s)\Z", re.ASCII)
_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null"])

# Not printable, or a line break in YAML 1.1. JSON leaves them as they are.
_SPECIAL = "\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff"
_UNPRINTABLE = re.compile(f"[{_SPECIAL}]")
# What no literal block can hold, or not so that it is seen: a start that looks like indentation, control characters,
# a line of blanks, more than one line break at the end.
_NOT_LITERAL = re.compile(rf"\A\s|[\x00-\x08\x0b-\x1f{_SPECIAL}]|^[ \t]+$|\n\n\Z", re.MULTILINE)

_LONGEST_KEY = 1000  # readers look 1024 characters ahead for the colon; a longer key takes a "?"
_SHORT = 80


def to_yaml(data: object) -> str:
    """Print *data* (dict, list, str, int, float, bool, None) as one YAML document; mappings keep their order."""
    printer = _Printer()
    if isinstance(data, dict) and data:
        printer.mapping(data, "", "")
    elif isinstance(data, list) and data:
        printer.sequence(data, "", "")
    else:
        printer.lines.append(printer.scalar(data, "") + "\n")
    return "".join(printer.lines)


def to_json(data: object) -> str:
    """Print *data* as JSON, as json.dumps(indent=1) would in twice the time."""
    return _json(data, "\n") + "\n"


def quoted(string: str) -> str:
    """Print a string on one line, in double quotes."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", encode_basestring(string))


class _Texts(dict[str, str]):
    """Strings as YAML; the empty text stands for one that is better printed as a literal block."""

    def __missing__(self, string: str) -> str:
        text = _text(string)
        if len(string) < _SHORT:
            self[string] = text
        return text


def _text(string: str) -> str:
    if _PLAIN.match(string) and string.lower() not in _WORDS:
        return string
    if "\n" in string and not _NOT_LITERAL.search(string):
        return ""
    return quoted(string)


class _Printer:
    """Collects lines. ``lead`` is what stands before the first line of a node, ``indent`` before the others."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.texts = _Texts()
        self.keys: dict[str, str] = {}

    def mapping(self, mapping: Mapping[Any, object], lead: str, indent: str) -> None:
        add, keys, texts, deeper = self.lines.append, self.keys, self.texts, indent + "  "
        for key, value in mapping.items():
            label = keys.get(key) or self.label(key, indent)
            if isinstance(value, str):
                add(f"{lead}{label}: {texts[value] or _literal(value, deeper)}\n")
            elif isinstance(value, dict) and value:
                add(f"{lead}{label}:\n")
                self.mapping(value, deeper, deeper)
            elif isinstance(value, list) and value:
                add(f"{lead}{label}:\n")
                self.sequence(value, indent, indent)
            else:
                add(f"{lead}{label}: {self.scalar(value, indent)}\n")
            lead = indent

    def sequence(self, items: Iterable[object], lead: str, indent: str) -> None:
        deeper = indent + "  "
        for item in items:
            if isinstance(item, dict) and item:
                self.mapping(item, lead + "- ", deeper)
            elif isinstance(item, list) and item:
                self.sequence(item, lead + "- ", deeper)
            else:
                self.lines.append(f"{lead}- {self.scalar(item, indent)}\n")
            lead = indent

    def label(self, key: object, indent: str) -> str:
        """The key, before its colon. A key is one line, so never a literal block."""
        if not isinstance(key, str):
            return self.scalar(key, indent)
        text = self.texts[key] or encode_basestring(key)
        if len(text) > _LONGEST_KEY:
            return f"? {text}\n{indent}"
        self.keys[key] = text
        return text

    def scalar(self, value: object, indent: str) -> str:
        """Print what fits on the line of its key or dash (a literal block begins there)."""
        if isinstance(value, str):
            return self.texts[value] or _literal(value, indent + "  ")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return _float(value)
        if isinstance(value, int | dict | list):
            return str(value)  # "{}" and "[]": what is not empty does not come here
        if value is None:
            return "null"
        raise TypeError(f"{type(value).__name__} is not plain data")


def _literal(string: str, indent: str) -> str:
    header = "|" if string.endswith("\n") else "|-"
    return "\n".join([header, *(indent + line if line else "" for line in string.removesuffix("\n").split("\n"))])


def _float(number: float) -> str:
    if not math.isfinite(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    text = repr(number)
    return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 has no float without a dot


def _json(value: object, line: str) -> str:
    """Print *value*; *line* is the line break and the indentation in effect."""
    if isinstance(value, str):
        return encode_basestring(value)
    inner = line + " "
    if isinstance(value, dict) and value:
        pairs = [f"{_json_key(key)}: {_json(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join([_json(item, inner) for item in value])}{line}]"
    return json.dumps(value)


def _json_key(key: object) -> str:
    return encode_basestring(key if isinstance(key, str) else json.dumps(key))
