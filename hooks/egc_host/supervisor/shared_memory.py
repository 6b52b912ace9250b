"""The mark that a starting Envoy sets in the memory that it shares with its parent.

A new Envoy sets it when it starts and clears it when its workers run; that is also when the parent stops listening. One
that dies in between leaves it set, and then every later hot restart fails with "previous envoy process is still
initializing": https://github.com/envoyproxy/envoy/issues/33446. The layout is source/server/hot_restart_impl.h's of hot
restart version 11.104.
"""

from __future__ import annotations

import struct
from pathlib import Path

_SIZE, _VERSION, _FLAGS, _INITIALIZING = 104, 11, 96, 1
_WORD = struct.Struct("Q")

NAMES_PER_BASE_ID = 10
"""Envoy multiplies a base id by this, and adds the epoch modulo 3 for its sockets."""


def path(base_id: int) -> Path:
    """The file of an Envoy's shared memory."""
    return Path(f"/dev/shm/envoy_shared_memory_{base_id * NAMES_PER_BASE_ID}")  # noqa: S108 - Envoy's choice


def initializing(base_id: int) -> bool | None:
    """Whether an Envoy is between its start and serving; None if it cannot be known."""
    flags = _flags(base_id)
    return None if flags is None else bool(flags & _INITIALIZING)


def clear(base_id: int) -> bool:
    """Remove the mark of an Envoy that is dead. Whether it is known to be gone: another layout is left alone."""
    flags = _flags(base_id)
    if flags is None:
        return False
    if flags & _INITIALIZING:
        try:
            with path(base_id).open("r+b", buffering=0) as file:
                file.seek(_FLAGS)
                file.write(_WORD.pack(flags & ~_INITIALIZING))
        except OSError:
            return False
    return True


def _flags(base_id: int) -> int | None:
    try:
        memory = path(base_id).read_bytes()
    except OSError:
        return None
    if len(memory) < _FLAGS + _WORD.size:
        return None
    (size,), (version,), (flags,) = (_WORD.unpack_from(memory, offset) for offset in (0, _WORD.size, _FLAGS))
    return int(flags) if (size, version) == (_SIZE, _VERSION) else None
