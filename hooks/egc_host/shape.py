"""Which values host.json and manifest.json may hold. That a key is there is seen when it is read."""

from __future__ import annotations

import os
import socket
from typing import Any, Callable, Union

Shape = Union[Callable[[Any], bool], "dict[str, Any]", "list[Any]"]
"""A condition; an object whose keys, as far as they are there, have shapes; or a list and the shape of its elements."""

_MOST = 2**31 - 1


def check(value: Any, shape: Shape, where: str) -> None:
    """ValueError if a value has another shape; *where* is what it is called."""
    if isinstance(shape, dict):
        sound = isinstance(value, dict)
        inner = [(value[key], part, f"{where}.{key}") for key, part in shape.items() if key in value] if sound else []
    elif isinstance(shape, list):
        sound = isinstance(value, list)
        inner = [(one, shape[0], f"{where}[{number}]") for number, one in enumerate(value)] if sound else []
    else:
        sound, inner = shape(value), []
    if not sound:
        raise ValueError(f"{where} cannot be {repr(value)[:80]}")
    for part in inner:
        check(*part)


def _number(low: int, high: int = _MOST) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _text(value: Any) -> bool:
    """What can be an argument of a program, and part of a path."""
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False


def _name(value: Any) -> bool:
    return _text(value) and value not in ("", ".", "..") and "/" not in value


def _absolute(value: Any) -> bool:
    return _text(value) and value.startswith("/")


def _address(value: Any) -> bool:
    """An IP address, or what a socket without a port has."""
    if not _text(value) or value.startswith(("/", "@")):
        return _text(value)
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value.partition("%")[0])
    except (OSError, UnicodeError):
        return False
    return True


def _admin(value: Any) -> bool:
    if not _text(value) or value.startswith("/"):
        return _text(value)
    host, _, port = value.rpartition(":")
    return _address(host.strip("[]")) and port.isascii() and port.isdecimal() and len(port) < 6 and int(port) <= 65535


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _or_null(shape: Shape) -> Callable[[Any], bool]:
    def sound(value: Any) -> bool:
        if value is not None:
            check(value, shape, "it")
        return True

    return sound


_port = _number(0, 65535)
_size = _number(0, 2**63 - 1)

MANIFEST: dict[str, Any] = {"files": lambda files: isinstance(files, dict) and all(map(_text, files))}

HOST: dict[str, Any] = {
    "site": _name,
    "target": _text,
    "keepReleases": _number(1),
    "envoy": {
        **dict.fromkeys(("version", "config"), _text),
        "user": _name,
        "path": _or_null(_text),
        "admin": _admin,
        **dict.fromkeys(("baseId", "drainTime", "parentShutdownTime", "stopDrainTime"), _number(0)),
        "concurrency": _or_null(_number(1)),
        "memory": _or_null(_size),
        "openFiles": _size,
        "capabilities": [_text],
        "logs": [_text],
    },
    "directories": dict.fromkeys(("run", "state", "releases", "textfile"), _absolute),
    "listeners": [
        {
            "name": _text,
            "address": _address,
            **dict.fromkeys(("port", "published"), _port),
            "protocol": lambda value: value in ("tcp", "udp"),
            "tls": _flag,
        }
    ],
    "backends": [{**dict.fromkeys(("cluster", "host", "path"), _text), "port": _port}],
    "certificates": {
        "directory": _absolute,
        "reload": lambda value: value in ("hot-restart", "watch"),
        "lineages": [
            {
                "name": _name,
                "hostnames": [_text],
                **dict.fromkeys(("chain", "key"), _text),
                "certbot": _or_null([_text]),
            }
        ],
        "pairs": [dict.fromkeys(("name", "chain", "key"), _text)],
    },
    "acme": _or_null(
        {
            **dict.fromkeys(("email", "caBundle"), _or_null(_text)),
            "server": _text,
            "port": _port,
            "eab": _or_null(dict.fromkeys(("kid", "hmacKeyFile"), _text)),
        }
    ),
}
