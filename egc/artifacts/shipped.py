"""Folders that egc brings beside its code: in the wheel inside the package, in a checkout beside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Where ``templates`` or ``hooks`` is."""
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name
