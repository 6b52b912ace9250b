"""What to say of host names and durations that are none: people write them in ways that other programs take."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from egc.diagnostics import Rule, Severity

NOT_A_HOSTNAME = Rule(
    code="EGC2150",
    severity=Severity.ERROR,
    title="value is not a host name",
    explanation="""
        A host name has labels of lower case letters, digits and `-`, with dots between; no scheme, no port, no path.
        Where wildcards are allowed, `*.` stands at the beginning, for one or more labels, and nowhere else.

        ```yaml
        hostnames: [www.example.com, "*.shop.example.com"]
        ```
        """,
    help='lower case letters, digits and "-", with dots between',
)
NOT_A_DURATION = Rule(
    code="EGC2151",
    severity=Severity.ERROR,
    title="value is not a duration of the Gateway API",
    explanation="""
        A duration is up to four whole numbers of at most five digits, each with its unit: `h`, `m`, `s` or `ms`. There
        are no fractions, no days and no negative durations. https://gateway-api.sigs.k8s.io/geps/gep-2257/

        ```yaml
        timeouts: {request: 1m30s, backendRequest: 1s500ms}
        ```
        """,
    help="whole numbers with h, m, s or ms, such as 1m30s",
)

_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_UNITS = {
    "ms": Decimal(1),
    "s": Decimal(1_000),
    "m": Decimal(60_000),
    "h": Decimal(3_600_000),
    "d": Decimal(86_400_000),
    "w": Decimal(604_800_000),
}
_PART = re.compile(rf"({_NUMBER})(ms|[smhdw])")
_DURATION = re.compile(rf"(?:(?:{_NUMBER})(?:ms|[smhdw]))+")
_LONGEST = 32  # characters of a duration: more is no slip of the pen
_MOST = 99_999  # hours
_LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_URL = re.compile(r"(?:[a-zA-Z][-+.a-zA-Z0-9]*://)?([^/:]*)(?::[0-9]+)?(?:/.*)?", re.DOTALL)


def hostname(value: object) -> str:
    """How to write a host name that may have a wildcard."""
    text = value if isinstance(value, str) else ""
    if text == "*":
        return "for any host, leave it out"
    if "*" in text and not text.startswith("*."):
        rest = text.rpartition("*")[2].lstrip(".").lower()
        return f'a wildcard stands only at the beginning: "*.{rest}"' if rest else "a wildcard stands at the beginning"
    if "*" in text[1:]:
        return "only one wildcard, at the beginning"
    return _without_extras(text)


def precise_hostname(value: object) -> str:
    """How to write a host name."""
    text = value if isinstance(value, str) else ""
    return "a wildcard has no meaning here" if "*" in text else _without_extras(text)


def _without_extras(text: str) -> str:
    found = _URL.fullmatch(text)
    bare = found[1].lower() if found is not None else ""
    if not _NAME.fullmatch(bare):
        return ""
    return f'write "{bare}"' if bare == text.lower() else f'a host name without scheme, port and path: "{bare}"'


def duration(value: object) -> str:
    """How to write what is likely meant."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"add a unit: {value}s" if 0 <= value <= _MOST else ""
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("-"):
        return "a duration cannot be negative"
    if len(text) > _LONGEST or not _DURATION.fullmatch(text):
        return ""
    total = sum((Decimal(number) * _UNITS[unit] for number, unit in _PART.findall(text)), Decimal())
    hours = total // _UNITS["h"]
    return f"write {_spelt(total)}" if total and total == total.to_integral_value() and hours <= _MOST else ""


def _spelt(total: Decimal) -> str:
    parts = []
    for unit in ("h", "m", "s", "ms"):
        number, total = divmod(total, _UNITS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


SORTS: Mapping[str, tuple[Rule, Callable[[object], str]]] = {
    "hostname": (NOT_A_HOSTNAME, hostname),
    "precise hostname": (NOT_A_HOSTNAME, precise_hostname),
    "duration": (NOT_A_DURATION, duration),
}
"""What to say by the sort of value that a type is for."""
