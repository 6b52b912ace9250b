"""What a build was asked to do."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

from egc.source import Substitution


class OnError(Enum):
    """What an error does: stop the build, or leave out (or answer 500 for) what is at fault."""

    FAIL = "fail"
    DEGRADE = "degrade"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that decides about the output, besides the files themselves."""

    paths: tuple[str, ...]
    profile: str | None = None
    substitution: Substitution | None = None
    on_error: OnError = OnError.FAIL
    format: Literal["yaml", "json"] = "yaml"
    inline_secrets: bool = False
    envoy: Path | None = None
    """The Envoy whose descriptors judge the output; without one the output is not checked."""
    validate: bool = True
    """Whether that Envoy is also asked itself."""
