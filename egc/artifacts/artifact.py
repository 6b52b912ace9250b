"""A file of a build, not yet on disk."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file: its path below the bundle's folder, its contents and its mode."""

    path: str
    content: bytes
    mode: int = 0o644
