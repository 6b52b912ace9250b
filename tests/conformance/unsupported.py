"""What the stand-ins for a cluster's programs do not carry out is an error, never left out."""

from collections.abc import Collection, Mapping
from typing import Any


class UnsupportedError(ValueError):
    """An object asks for something that the stand-ins do not do; the message says where and what."""


def only(known: Collection[str], found: Mapping[str, Any], where: str) -> None:
    """Raise :class:`UnsupportedError` for fields of *found* beside the *known* ones; empty values ask for nothing."""
    strange = sorted(name for name, value in found.items() if name not in known and value not in (None, False, [], {}))
    if strange:
        raise UnsupportedError(f"{where}: {', '.join(strange)}")
