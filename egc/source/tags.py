"""Explicit tags: ``!!str 80``."""

import re
from typing import Any

from egc.diagnostics import Rule, Severity
from egc.source.position import Source
from egc.source.problems import Problems
from egc.source.scalars import CONSTRUCTORS, TAG, Scalar

UNKNOWN_TAG = Rule(
    code="EGC1005",
    severity=Severity.ERROR,
    title="tag is not supported",
    explanation="""
        A tag (`!name`) before a value says what type it has. Kubernetes knows the types of JSON alone: `!!str`,
        `!!int`, `!!float`, `!!bool`, `!!null`, `!!map` and `!!seq`. The tags of other programs, such as those of
        templates, have to be resolved before.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: !env NAMESPACE
        ```
        """,
    help="remove the tag; quote a text that begins with '!'",
)
MISFIT = Rule(
    code="EGC1006",
    severity=Severity.ERROR,
    title="value does not fit its tag",
    explanation="""
        A tag says what type a value has, but the value is not written like one.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: !!int shop
        ```
        """,
    help="remove the tag, or correct the value",
)

_TEXT = ("!", f"{TAG}str")
_COLLECTIONS: dict[type, tuple[str, str]] = {dict: ("!", f"{TAG}map"), list: ("!", f"{TAG}seq")}
_WRITTEN = re.compile(r"![^\s,\[\]{}]*")


def tagged_scalar(event: Any, text: str, source: Source, problems: Problems) -> Scalar:
    """The value of a scalar that has a tag; its text, and a report, if it cannot be had."""
    construct = CONSTRUCTORS.get(event.tag)
    if construct is not None:
        try:
            return construct(text)
        except ValueError:
            at = source.at(event.start_mark.index, event.end_mark.index)
            problems.report(MISFIT, at, f'"{event.value}" is not {_shorthand(event.tag)}')
    elif event.tag not in _TEXT:
        _refuse(event, source, problems)
    return text


def check_collection(event: Any, kind: type, source: Source, problems: Problems) -> None:
    """Report the tag of a mapping or list that would make it something else."""
    if event.tag not in _COLLECTIONS[kind]:
        _refuse(event, source, problems)


def _refuse(event: Any, source: Source, problems: Problems) -> None:
    written = _WRITTEN.search(source.text, event.start_mark.index)
    start, end = written.span() if written else (event.start_mark.index, event.end_mark.index)
    problems.report(UNKNOWN_TAG, source.at(start, end), f"the tag {_shorthand(event.tag)} is not supported")


def _shorthand(tag: str) -> str:
    """A tag as people write it."""
    if tag.startswith(TAG):
        return f"!!{tag.removeprefix(TAG)}"
    return tag if tag.startswith("!") else f"!<{tag}>"
