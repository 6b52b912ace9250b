"""Lists whose entries must differ.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.shared import HTTPHeader
    from egc.kube.model import Model

VALUE_TWICE = Rule(
    code="EGC2114",
    severity=Severity.ERROR,
    title="value given twice in a list",
    explanation="""
        Each value of the list counts once, and a cluster refuses one that comes again. Of two headers of one name in
        `set` or `add` it could not be said which one is meant; two values of one header go into one entry.

        ```yaml
        add:
        - {name: Cache-Control, value: "no-store,no-transform"}
        ```
        """,
    help="remove one of them",
)


def unique(owner: Model, alias: str, values: Sequence[str | int], flaws: Flaws) -> None:
    """Report each value of a list that was there before."""
    if len(values) < 2:
        return
    first: dict[str | int, int] = {}
    for i, value in enumerate(values):
        before = first.setdefault(value, i)
        if before != i:
            said = f'"{value}"' if isinstance(value, str) else value
            related = [(owner.at(alias, before), "first here")]
            flaws.report(owner, VALUE_TWICE, owner.at(alias, i), f'{said} is given twice in "{alias}"', related=related)


def names(alias: str, headers: Sequence[HTTPHeader], flaws: Flaws) -> None:
    """Report each header whose name was there before, spelt the same."""
    if len(headers) < 2:
        return
    first: dict[str, HTTPHeader] = {}
    for header in headers:
        before = first.setdefault(header.name, header)
        if before is not header:
            message = f'header "{header.name}" is given twice in "{alias}"'
            related = [(before.at("name"), "first here")]
            flaws.report(header, VALUE_TWICE, header.at("name"), message, related=related)
