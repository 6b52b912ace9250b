"""Anchors, aliases and merge keys (``<<``) of YAML documents."""

from collections.abc import Sequence
from typing import Any

from egc.diagnostics import Located, Rule, Severity
from egc.source.events import DEPTH
from egc.source.problems import GivenUpError, Problems

ALIASED = 100_000  # nodes that the aliases of one file may stand for in all

UNDEFINED_ALIAS = Rule(
    code="EGC1007",
    severity=Severity.ERROR,
    title="alias without an anchor",
    explanation="""
        An unquoted value that begins with `*` is an alias: it stands for the node that an anchor (`&name`) earlier in
        the same document has named. No anchor has this name. If the value is meant as text, quote it.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata: {name: *shop}
        ```
        """,
    help="define the anchor earlier in the same document, or quote the value if it is text",
)
RECURSIVE_ALIAS = Rule(
    code="EGC1008",
    severity=Severity.ERROR,
    title="alias inside the node that it stands for",
    explanation="""
        An alias within its own anchor's node would contain itself without end.

        ```yaml
        metadata: &everything
          name: shop
          labels: *everything
        ```
        """,
    help="write the value out",
)
TOO_MANY_ALIASED = Rule(
    code="EGC1009",
    severity=Severity.ERROR,
    title="aliases stand for too much",
    explanation="""
        Aliases of aliases grow without bounds: ten lines can stand for a billion values. In one file, aliases may
        stand for 100,000 values in all; the file is not read beyond.
        """,
    help="write the values out, or split the file",
)
BAD_MERGE = Rule(
    code="EGC1011",
    severity=Severity.ERROR,
    title="merge key without a mapping",
    explanation="""
        The key `<<` takes in the keys of another mapping, or of each in a list of mappings. Its value must be that:
        an alias of a mapping, in most cases.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          <<: shop
          name: shop
        ```
        """,
    help='give it an alias of a mapping; quote it ("<<") if it is an ordinary key',
)
TOO_DEEP = Rule(
    code="EGC1010",
    severity=Severity.ERROR,
    title="YAML is nested too deeply",
    explanation="""
        Mappings and lists stand in each other more than 100 levels deep. No Kubernetes object needs that; most often
        brackets were not closed. The file is not read beyond this place.
        """,
    help="close what is open, or flatten the structure",
)


def refuse_depth(at: Located, problems: Problems) -> None:
    """Report too deep a nesting and give the file up."""
    problems.report(TOO_DEEP, at, f"nested more than {DEPTH} levels deep", last=True)
    raise GivenUpError


class Anchors:
    """The anchored nodes of the document being read, and how much the aliases of its file may still stand for.

    An alias is the anchored node itself, not a copy: nobody changes what was read.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._nodes: dict[str, Any] = {}
        self._left = ALIASED

    def forget(self) -> None:
        """A new document begins; it sees none of the anchors before."""
        self._nodes.clear()

    def define(self, name: str, node: Any) -> None:
        """Name a node; a later one of the same name takes its place."""
        self._nodes[name] = node

    def resolve(self, name: str, opened: Sequence[Any], at: Located) -> Any:
        """The node that the alias *name* stands for; an empty mapping for one that is wrong.

        *opened* are the mappings and lists around the alias.
        """
        if name not in self._nodes:
            self._problems.report(UNDEFINED_ALIAS, at, f'no anchor "&{name}" before this alias')
            return {}
        node = self._nodes[name]
        if any(node is around for around in opened):
            self._problems.report(RECURSIVE_ALIAS, at, f'"*{name}" stands inside its own anchor')
            return {}
        count, height = _extent(node, self._left)
        self._left -= count
        if self._left < 0:
            message = f"the aliases of this file stand for more than {ALIASED:,} values"
            self._problems.report(TOO_MANY_ALIASED, at, message, last=True)
            raise GivenUpError
        if len(opened) + height > DEPTH:
            refuse_depth(at, self._problems)
        return node

    def merge(self, mapping: dict[Any, Any], value: Any, at: Located) -> None:
        """Give *mapping* the keys of *value* that it lacks. https://yaml.org/type/merge.html"""
        for other in value if isinstance(value, list) else [value]:
            if not isinstance(other, dict):
                self._problems.report(BAD_MERGE, at, '"<<" needs a mapping or a list of mappings')
                return
            for key, child in other.items():
                mapping.setdefault(key, child)


def _extent(node: Any, enough: int) -> tuple[int, int]:
    """How many nodes *node* has, itself included, and how many levels of mappings and lists; stops at *enough*."""
    count, height, level = 0, 0, [node]
    while level and count <= enough:
        count += len(level)
        collections = [
            item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)
        ]
        height += bool(collections)
        level = [child for collection in collections for child in collection]
    return count, height
