"""Settings of which a ``type`` chooses one member: just that one must be there."""

from collections.abc import Mapping
from typing import NamedTuple

from egc.diagnostics import Located
from egc.kube.model import Model


class Mismatch(NamedTuple):
    """What is wrong with the members."""

    at: Located
    message: str
    help: str


def mismatch(
    owner: Model, what: str, chosen: str, members: Mapping[str, tuple[str, object]], selector: str = "type"
) -> Mismatch | None:
    """What is wrong, if anything. ``members`` are YAML key and value of each by the choice that it belongs to."""
    for other, (alias, value) in members.items():
        if value is not None and other != chosen:
            message = f'{what} of {selector} {chosen} cannot have "{alias}"'
            return Mismatch(owner.at(alias).key, message, f"remove it, or use {selector}: {other}")
    alias, value = members[chosen]
    if value is None:
        message = f'{what} of {selector} {chosen} needs "{alias}"'
        return Mismatch(owner.at(selector), message, f'add "{alias}"')
    return None
