"""Types of single values in Kubernetes objects, and what to say when a value does not fit."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"

SUBDOMAIN = re.compile(_SUBDOMAIN)
"""A DNS name in lower case."""
_HIGHEST_PORT = 65535
_PORT_NAME = re.compile("(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")

_DURATION = re.compile(r"^([0-9]{1,5}(h|m|s|ms)){1,4}$")
_DURATION_PART = re.compile(r"([0-9]+)(h|ms|m|s)")
_GO_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_GO_DURATION_PART = re.compile(rf"({_GO_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_GO_DURATION = re.compile(rf"\+?(?:0|(?:{_GO_DURATION_PART.pattern})+)")
_MICROSECONDS = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "µs": Decimal(1),
    "μs": Decimal(1),
    "ms": Decimal(1_000),
    "s": Decimal(1_000_000),
    "m": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
}
_QUANTITY = re.compile(rf"\+?({_GO_NUMBER})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{{1,2}}|)")
_FACTORS = {suffix: Decimal(1000) ** (i - 3) for i, suffix in enumerate(["n", "u", "m", "", *"kMGTPE"])}
_FACTORS |= {f"{letter}i": Decimal(1024) ** (i + 1) for i, letter in enumerate("KMGTPE")}
_LONGEST = 64  # characters of a number: more is an attack on the arithmetic


@dataclass(frozen=True, slots=True)
class Form:
    """A regular expression that a string must match, and the phrase to say when it does not.

    ``sort`` is one of ``egc.kube.forms``, where there is more to say.
    """

    pattern: str
    phrase: str
    sort: str = ""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Check type and length first, so that the phrase is only said of the form."""
        form = core_schema.str_schema(pattern=self.pattern)
        told = core_schema.custom_error_schema(
            form, "form", custom_error_message=self.phrase, custom_error_context={"sort": self.sort}
        )
        return core_schema.chain_schema([handler(source), told])

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The string's schema with the pattern."""
        return {**handler(schema), "pattern": self.pattern}


def _microseconds(parts: Iterable[tuple[str, str]]) -> Decimal:
    return sum((Decimal(number) * _MICROSECONDS[unit] for number, unit in parts), Decimal())


def _duration(value: object) -> timedelta:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise PydanticCustomError("form", 'is not a duration such as "10s" or "1h30m"', {"sort": "duration"})
    return timedelta(microseconds=int(_microseconds(_DURATION_PART.findall(value))))


def _go_duration(value: object) -> timedelta:
    if isinstance(value, str) and len(value) <= _LONGEST and _GO_DURATION.fullmatch(value):
        total = _microseconds(_GO_DURATION_PART.findall(value))
        if total * 1000 <= INT64_MAX:  # Go counts nanoseconds
            return timedelta(microseconds=int(total))
    raise PydanticCustomError("form", 'is not a duration such as "300ms" or "1.5h"')


def go_text(value: timedelta) -> str:
    """A duration as it is written, in the largest unit of which it has a whole number."""
    for unit in ("h", "m", "s", "ms"):
        number, rest = divmod(value, timedelta(microseconds=int(_MICROSECONDS[unit])))
        if not rest:
            return f"{number}{unit}"
    return f"{value // timedelta(microseconds=1)}us"


def _quantity(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INT64_MAX:
        return value
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) and len(value) <= _LONGEST else None
    if match is None:
        raise PydanticCustomError("form", 'is not a quantity such as "512Ki" or "1.5Mi"')
    number, suffix = match.groups()
    factor = Decimal(f"1{suffix}") if suffix[:1] in ("e", "E") and suffix not in _FACTORS else _FACTORS[suffix]
    amount = min(Decimal(number) * factor, Decimal(INT64_MAX))
    return int(amount.to_integral_value(ROUND_CEILING))


def _target_port(value: object) -> int | str | None:
    """No port, 0 and an empty name mean that of the Service."""
    if isinstance(value, str) and (not value or _PORT_NAME.fullmatch(value)):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _HIGHEST_PORT:
        return value or None
    raise PydanticCustomError("form", "is neither a port nor the name of one")


def _network(value: str) -> str:
    # ipaddress also reads "10.0.0.0/255.0.0.0" and zones, Go's ParseCIDR does not.
    if re.fullmatch(r"[0-9a-fA-F.:]+/[0-9]{1,3}", value):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            pass
        else:
            return value
    raise PydanticCustomError("form", 'is not a network such as "10.0.0.0/8"')


def is_base64(text: str) -> bool:
    """Whether *text* is standard base64; line breaks do not count."""
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _base64(value: str) -> str:
    if is_base64(value):
        return value
    raise PydanticCustomError("form", "is not base64")


Int32 = Annotated[int, Field(ge=-INT32_MAX - 1, le=INT32_MAX)]
Int64 = Annotated[int, Field(ge=-INT64_MAX - 1, le=INT64_MAX)]
PortNumber = Annotated[int, Field(ge=1, le=_HIGHEST_PORT)]
TargetPort = Annotated[int | str | None, PlainValidator(_target_port, json_schema_input_type=int | str)]
"""The number or the name of a port of pods."""
Quantity = Annotated[int, PlainValidator(_quantity, json_schema_input_type=int | str)]
"""Bytes: ``512Ki`` or a number."""

GatewayDuration = Annotated[
    timedelta, PlainValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION.pattern})
]
"""The Gateway API's: whole numbers. https://gateway-api.sigs.k8s.io/geps/gep-2257/"""

GoDuration = Annotated[timedelta, PlainValidator(_go_duration, json_schema_input_type=str)]
"""Kubernetes' own (``metav1.Duration``): fractions too. Parts of a microsecond are dropped."""

CIDR = Annotated[str, AfterValidator(_network)]
Base64 = Annotated[str, AfterValidator(_base64)]

ObjectName = Annotated[str, Field(min_length=1, max_length=253)]
Label = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Form(f"^{_LABEL}$", 'is not a name such as "web" (lower case letters, digits, "-")'),
]
PortName = Annotated[
    str,
    Field(max_length=63),
    Form(f"^({_LABEL})?$", 'is not a name such as "http" (lower case letters, digits, "-")'),
]
Subdomain = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(f"^{_SUBDOMAIN}$", 'is not a name such as "web" or "web.v2" (lower case letters, digits, "-", ".")'),
]
Group = Annotated[
    str, Field(max_length=253), Form(f"^$|^{_SUBDOMAIN}$", 'is not an API group such as "gateway.envoyproxy.io"')
]
Kind = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Form("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$", 'is not a kind such as "Service"'),
]
Hostname = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(rf"^(\*\.)?{_SUBDOMAIN}$", 'is not a host name such as "www.example.com" or "*.example.com"', "hostname"),
]
PreciseHostname = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(f"^{_SUBDOMAIN}$", 'is not a host name such as "www.example.com"', "precise hostname"),
]
HeaderName = Annotated[
    str,
    Field(min_length=1, max_length=256),
    Form(r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$", 'is not a header name such as "X-Request-Id"'),
]
HeaderValue = Annotated[
    str,
    Field(min_length=1, max_length=4096),
    Form(r"^[!-~]+([\t ]?[!-~]+)*$", "is not a header value (visible ASCII, with single blanks between)"),
]
HTTPMethod = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
