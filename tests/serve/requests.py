"""``requests.yaml``: requests to a site and what is expected of its answers.

A list of mappings::

    - name: redirect to https               # optional
      listener: 8080                        # its port, or "address:port" or its name where a port is not enough
      get: http://shop.example/shop/        # or post, put, patch, delete, head, options; the target is sent as written
                                            # or tcp, udp: a line of text instead of a URL, sent as it is
      sni: other.example                    # optional: default is the URL's host; "" sends none; with tcp it means TLS
      certificate: alice                    # optional: one of serve/pki that the client shows
      http2: true                           # optional: by ALPN, or with prior knowledge over plain text
                                            # or grpc: a call of http://host/service/Method, with body as its message
      headers: {Origin: https://x}          # optional: a value, or a list of them
      body: text                            # optional
      times: 4                              # optional: send it so often; the last answer counts
      repeat: [200, 200, 429]               # or: send it as often as there are statuses, which must come in this order
      session: name                         # with times: the first answer gives a cookie or header of this name, which
                                            # all others take along; one backend must answer them all
      expect:
        status: 301                         # of gRPC its name, such as OK or UNAVAILABLE
        headers: {location: https://shop.example/shop/, server: null}
        body: text
        backend: shop.local:8000            # the original address of the endpoint that answered; null: Envoy itself
        seen: {path: /shop/, headers: {x-forwarded-proto: https}}   # what the backend got, as echo.py tells it
        got: {"b:80": {path: /shop/}, "a:80": 3, "c:80": 50 %}      # what backends got, whoever answered: the same,
                                            # how often, or with how many of ``times`` requests
        refused: true                       # no answer: connection refused, reset, or no TLS handshake, at once
        share: {"a:80": 90, "b:80": 10}     # of 200 requests, per cent; Envoy's own answers go by their status,
                                            # and what is turned away as refused

Values are exact, ``null`` means absent, ``{matches: regex}`` must match the whole value. Several headers of one name
count as one, joined by ``, ``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.serve.client import Request

TRANSPORTS = ("tcp", "udp")
METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "grpc")

_KEYS = {
    "name",
    "listener",
    "sni",
    "certificate",
    "http2",
    "headers",
    "body",
    "times",
    "repeat",
    "session",
    "expect",
    *METHODS,
    *TRANSPORTS,
}
_EXPECT = {"status", "headers", "body", "backend", "seen", "got", "refused", "share"}
_SEEN = {"method", "path", "host", "headers", "body", "tls", "proxy", "said", "client", "peer", "protocol"}

Value = str | re.Pattern[str] | None
"""What a value must be: exactly this, a match of this, or absent."""


class FormatError(ValueError):
    """A requests.yaml that breaks the format; the message says which entry and how."""


@dataclass(frozen=True)
class Got:
    """What a backend must have got: so many requests, this share of those sent, or one such request."""

    count: int = 1
    percent: float | None = None
    seen: Mapping[str, Value] = field(default_factory=dict)
    headers: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Expect:
    """What the (last) answer must be; an empty field expects nothing, header names are in lower case.

    ``backend`` is None where Envoy must answer itself, "" where it does not matter.
    """

    status: int | str | None = None
    headers: Mapping[str, Value] = field(default_factory=dict)
    body: Value = None
    backend: str | None = ""
    seen: Mapping[str, Value] = field(default_factory=dict)
    seen_headers: Mapping[str, Value] = field(default_factory=dict)
    got: Mapping[str, Got] = field(default_factory=dict)
    refused: bool = False
    share: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One entry; ``statuses`` are those of ``repeat``."""

    name: str
    listener: int | str
    url: str
    request: Request
    expect: Expect
    times: int = 1
    statuses: tuple[int | str, ...] = ()
    session: str = ""


def load(path: Path) -> list[Entry]:
    """Read a requests.yaml. FormatError, with the entry's number and name."""
    data = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    if not isinstance(data, list):
        raise FormatError(f"{path}: not a list")
    return [_entry(item, f"{path}: entry {number}") for number, item in enumerate(data, 1)]


def _entry(item: Any, where: str) -> Entry:
    _only(item, _KEYS, where)
    methods = [method for method in (*METHODS, *TRANSPORTS) if method in item]
    if len(methods) != 1 or "listener" not in item or not item.get("expect"):
        raise FormatError(f"{where} needs one method, a listener and something to expect")
    url = str(item[methods[0]])
    name = str(item.get("name", f"{methods[0].upper()} {url}"))
    if "times" in item and "repeat" in item:
        raise FormatError(f"{where} ({name}): times and repeat exclude each other")
    statuses = tuple(item.get("repeat", ()))
    request = _request(item, methods[0].upper(), url, f"{where} ({name})")
    expect = _expect(item["expect"], f"{where} ({name})")
    times = len(statuses) or item.get("times", 1)
    if not isinstance(times, int) or times < 1:
        raise FormatError(f"{where} ({name}): sent {times} times")
    return Entry(name, item["listener"], url, request, expect, times, statuses, str(item.get("session", "")))


def _request(item: dict[str, Any], method: str, url: str, where: str) -> Request:
    if method.lower() in TRANSPORTS:
        sni = str(item["sni"]) if "sni" in item else None
        certificate = str(item.get("certificate", ""))
        return Request("", "", "", sni, body=url.encode(), transport=method.lower(), certificate=certificate)
    scheme, separator, rest = url.partition("://")
    if scheme not in ("http", "https") or not separator:
        raise FormatError(f"{where}: {url} is no http or https URL")
    end = min((i for i in map(rest.find, "/?") if i >= 0), default=len(rest))
    authority, target = rest[:end], rest[end:]
    headers = [
        (name, _text(value, where))
        for name, values in (item.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return Request(
        method,
        authority,
        target if target.startswith("/") else f"/{target}",
        str(item.get("sni", authority.partition(":")[0])) if scheme == "https" else None,
        bool(item.get("http2")),
        tuple(headers),
        str(item.get("body", "")).encode(),
        certificate=str(item.get("certificate", "")),
    )


def _expect(item: Any, where: str) -> Expect:
    _only(item, _EXPECT, f"{where}, expect")
    seen = dict(item.get("seen") or {})
    _only(seen, _SEEN, f"{where}, seen")
    if len(item) > 1 and ("refused" in item or "share" in item):
        raise FormatError(f"{where}: refused and share stand alone")
    share = {str(name): float(percent) for name, percent in (item.get("share") or {}).items()}
    if share and sum(share.values()) != 100:
        raise FormatError(f"{where}: the shares are not 100 in sum")
    return Expect(
        status=item.get("status"),
        headers=_values(item.get("headers") or {}, where),
        body=_value(item.get("body"), where),
        backend=item.get("backend", ""),
        seen_headers=_values(seen.pop("headers", {}), where),
        seen=_values(seen, where),
        got={str(name): _got(found, where) for name, found in (item.get("got") or {}).items()},
        refused=item.get("refused", False),
        share=share,
    )


def _got(item: Any, where: str) -> Got:
    if isinstance(item, int):
        return Got(item)
    if isinstance(item, str):
        number, _, unit = item.partition(" ")
        if unit != "%":
            raise FormatError(f"{where}: {item!r} is no percentage")
        return Got(0, float(number))
    seen = dict(item)
    _only(seen, _SEEN, f"{where}, got")
    headers = _values(seen.pop("headers", {}), where)
    return Got(seen=_values(seen, where), headers=headers)


def _values(item: dict[str, Any], where: str) -> dict[str, Value]:
    return {name.lower(): _value(value, f"{where}, {name}") for name, value in item.items()}


def _value(value: Any, where: str) -> Value:
    if value is None:
        return None
    if not isinstance(value, dict):
        return _text(value, where)
    _only(value, {"matches"}, where)
    try:
        return re.compile(str(value["matches"]))
    except (KeyError, re.error) as error:
        raise FormatError(f"{where}: no regular expression: {error}") from error


def _text(value: Any, where: str) -> str:
    """A string, or a number as one; YAML's other types are never what was meant."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FormatError(f"{where}: {value!r} must be quoted")
    return str(value)


def _only(item: Any, keys: set[str], where: str) -> None:
    if not isinstance(item, dict):
        raise FormatError(f"{where}: not a mapping")
    unknown = sorted(str(key) for key in item if key not in keys)
    if unknown:
        raise FormatError(f"{where}: unknown key {', '.join(unknown)}")
