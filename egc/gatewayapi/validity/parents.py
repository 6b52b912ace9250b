"""parentRefs: of several to one parent, each must name another part of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.shared import ParentReference

PARENT_TWICE = Rule(
    code="EGC2100",
    severity=Severity.ERROR,
    title="parentRefs that do not tell apart what they name",
    explanation="""
        A route may name one Gateway several times if each parentRef means another part of it: all of them say
        `sectionName`, or all say `port`, or both, and no two the same.

        ```yaml
        parentRefs:
        - {name: web, sectionName: http}
        - {name: web, sectionName: https}
        ```
        """,
    help="give each of them a sectionName of its own, or keep one",
)


def judge(refs: Iterable[ParentReference], flaws: Flaws) -> None:
    """Compare each parentRef with the first to the same parent, and with its equals."""
    first: dict[tuple[object, ...], ParentReference] = {}
    known: dict[tuple[object, ...], ParentReference] = {}
    for ref in refs:
        target = (ref.group, ref.kind, ref.namespace, ref.name)
        other = first.setdefault(target, ref)
        twin = known.setdefault((*target, ref.section_name, ref.port), ref)
        if twin is not ref:
            message = f'{ref.kind} "{ref.name}"{_part(ref)} is named twice'
            flaws.report(ref, PARENT_TWICE, ref.at("name"), message, related=[(twin.at("name"), "first here")])
        elif _says(ref) != _says(other):
            said = f"one says {_spoken(other)}, the other {_spoken(ref)}"
            message = f'of two parentRefs to {ref.kind} "{ref.name}" {said}'
            flaws.report(ref, PARENT_TWICE, ref.at("name"), message, related=[(other.at("name"), "the other")])


def _says(ref: ParentReference) -> tuple[str, ...]:
    given = {"sectionName": ref.section_name, "port": ref.port}
    return tuple(name for name, value in given.items() if value is not None)


def _spoken(ref: ParentReference) -> str:
    return " and ".join(_says(ref)) or "neither sectionName nor port"


def _part(ref: ParentReference) -> str:
    section = f', sectionName "{ref.section_name}"' if ref.section_name is not None else ""
    return f"{section}, port {ref.port}" if ref.port is not None else section
