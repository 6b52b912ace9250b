"""YAML text as plain data, in one pass over the parser's events."""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

import yaml
from yaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from egc.diagnostics import Place, Rule, Severity, Sink
from egc.source.anchors import Anchors, refuse_depth
from egc.source.document import Document
from egc.source.events import DEPTH, MERGE_KEY, ForbiddenCharacterError, is_merge, parser
from egc.source.position import Source, Stretch, without_break
from egc.source.problems import MOST, GivenUpError, Problems
from egc.source.scalars import PlainScalars, Scalar
from egc.source.spans import Path, read_spans
from egc.source.substitution import Substitution
from egc.source.syntax import ends_nothing, report_syntax
from egc.source.tags import check_collection, tagged_scalar

DUPLICATE_KEY = Rule(
    code="EGC1003",
    severity=Severity.ERROR,
    title="key stands twice in a mapping",
    explanation="""
        A mapping has each key once. Many readers of YAML keep the last of two equal keys without a word, so that half
        of what was written is lost.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          name: store
        ```
        """,
    help="remove one of them",
)
KEY_NOT_STRING = Rule(
    code="EGC1004",
    severity=Severity.ERROR,
    title="key is not a string",
    explanation="""
        Every key in a Kubernetes object is a string. Without quotes YAML reads `8080` as a number, and `on`, `yes` and
        `true` as a boolean. A list or a mapping cannot be a key at all.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels: {8080: http}
        ```
        """,
    help="quote the key",
)

_Level = tuple[Any, Any]  # a mapping or list, and in a mapping the key whose value is open
_NAMES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
    list: "a list",
    dict: "a mapping",
}


class BrokenDocument(Document):
    """A document with a problem of its own: good to know of, but its data is not what was meant."""


class _Key(Enum):
    """Keys that never reach the data."""

    MERGE = MERGE_KEY
    DROPPED = "a second key of one name, or a key that is no scalar"


def read(
    file: str, text: str, sink: Sink, substitution: Substitution | None = None, *, number_keys: bool = False
) -> list[Document]:
    """The documents of a file, without the empty ones; what is wrong with them goes to *sink*.

    A document with an error is a `BrokenDocument`. After a syntax error, or after very many problems, the rest of the
    file is not read. With *number_keys*, a key such as ``8080`` is a string without quotes, too.
    """
    source = Source(file, text.removeprefix("\ufeff"))
    problems = Problems(sink)
    loader = _Loader(source, problems, substitution, number_keys=number_keys)
    try:
        loader.load(parser(source.text).get_event)
    except (yaml.YAMLError, ForbiddenCharacterError) as error:
        report_syntax(error, source, problems)
        if ends_nothing(error):
            del loader.documents[loader.ended :]
    except GivenUpError:
        pass  # its reason was reported
    with suppress(GivenUpError):
        loader.finish()
    problems.finish(Place(file))
    return loader.documents


class _Loader:
    """Builds the documents of one file."""

    def __init__(
        self, source: Source, problems: Problems, substitution: Substitution | None, *, number_keys: bool
    ) -> None:
        self.documents: list[Document] = []
        self.ended = 0  # how many of them surely end where they seem to: by "---", "..." or the end of the file
        self._source = source
        self._problems = problems
        self._substitution = substitution
        self._number_keys = number_keys
        self._plain = PlainScalars()
        self._anchors = Anchors(problems)
        self._start = self._line = 0  # of the document
        self._problems_before = 0
        self._has_odd_keys = False
        self._merges: dict[int, Stretch] = {}  # the merge key of a mapping, by the mapping's id
        self._repeated: list[tuple[str, Stretch, Path | None]] = []  # keys as written, and their paths

    def load(self, get_event: Callable[[], Any]) -> None:
        """Read all documents. This loop runs for every node and makes most of the time that reading takes."""
        plain, has_variables = self._plain, self._substitution is not None
        stack: list[_Level] = []
        node: Any = []  # the innermost open collection; outside a document, a list for its root
        key: Any = None  # in a mapping, the key whose value comes next
        kind: Any = None
        while kind is not StreamEndEvent:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                if event.tag is not None or event.anchor is not None or (has_variables and "$" in event.value):
                    value = self._scalar(event)
                else:
                    value = event.value if event.style else plain[event.value]
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                value = self._open(event, node, key, len(stack))
                stack.append((node, key))
                node, key = value, None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if self._has_odd_keys:
                    self._close(node)
                node, key = stack.pop()
                key = _Key.DROPPED if key is None and type(node) is dict else None
                continue
            elif kind is AliasEvent:
                value = self._alias(event, node, stack)
            else:
                node = self._boundary(event, node)
                continue
            if key is not None:
                node[key] = value
                key = None
            elif type(node) is list:
                node.append(value)
            else:
                is_new = type(value) is str and value not in node and value != MERGE_KEY
                key = value if is_new else self._odd_key(event, value, node, stack)

    def finish(self) -> None:
        """Say what is said at the end of a document, or of what could be read of it."""
        repeated, self._repeated = self._repeated, []
        if repeated:
            stop = repeated[-1][1].start
            spans = read_spans(self._source.text[self._start : stop], self._line)
            for key, at, path in repeated:
                first = spans.keys.get(path) if path is not None else None
                place = Place(self._source.file, self._source.text, first) if first is not None else None
                self._problems.report(DUPLICATE_KEY, at, f'"{key}" stands twice here', related=[(place, "first here")])
        self._anchors.forget()
        self._merges.clear()
        self._has_odd_keys = False

    def _boundary(self, event: Any, root: list[Any]) -> list[Any]:
        """A document begins or ends; the answer is the list for the root of the next."""
        mark, kind = event.start_mark, type(event)
        if kind is DocumentStartEvent:
            # From the start of its line on, so that a document read on its own has the same indentation.
            self._start, self._line = mark.index - mark.column, mark.line
            self._problems_before = self._problems.count
            self.ended = len(self.documents)
        elif kind is DocumentEndEvent:
            self.finish()
            if root[0] is not None:
                made = Document if self._problems.count == self._problems_before else BrokenDocument
                source = self._source
                self.documents.append(made(source.file, root[0], source.text, self._start, self._line, mark.index))
            if event.explicit:
                self.ended = len(self.documents)
        return []

    def _open(self, event: Any, node: Any, key: Any, depth: int) -> Any:
        """A mapping or list begins; put it where it belongs."""
        value: Any = {} if type(event) is MappingStartEvent else []
        if event.tag is not None:
            check_collection(event, type(value), self._source, self._problems)
        if event.anchor is not None:
            self._anchors.define(event.anchor, value)
        if depth >= DEPTH:
            refuse_depth(self._at(event), self._problems)
        if key is not None:
            node[key] = value
        elif type(node) is list:
            node.append(value)
        else:
            self._has_odd_keys = True
            self._problems.report(KEY_NOT_STRING, self._at(event), f"{_NAMES[type(value)]} cannot be a key")
        return value

    def _close(self, node: Any) -> None:
        """Take from a mapping what is not data."""
        if type(node) is dict:
            node.pop(_Key.DROPPED, None)
            if _Key.MERGE in node:
                self._anchors.merge(node, node.pop(_Key.MERGE), self._merges[id(node)])

    def _scalar(self, event: Any) -> Scalar:
        """The value of a scalar that has a tag, an anchor or a variable."""
        text = event.value
        if self._substitution is not None and "$" in text:
            text = self._substitution.expand(text, self._at(event), self._problems)
        value: Scalar = text if event.style else self._plain[text]
        if event.tag is not None:
            value = tagged_scalar(event, text, self._source, self._problems)
        if event.anchor is not None:
            self._anchors.define(event.anchor, value)
        return value

    def _alias(self, event: Any, node: Any, stack: list[_Level]) -> Any:
        opened = [*(outer for outer, _ in stack[1:]), node]
        return self._anchors.resolve(event.anchor, opened, self._at(event))

    def _odd_key(self, event: Any, value: Any, node: Any, stack: list[_Level]) -> str | _Key:
        """What stands for a key that is not simply a new string."""
        if is_merge(event) and _Key.MERGE not in node:
            self._has_odd_keys = True
            self._merges[id(node)] = self._at(event)
            return _Key.MERGE
        if type(value) is int and self._number_keys and type(event) is ScalarEvent:
            value = event.value
        if type(value) is not str:
            self._refuse_key(event, value)
            name = event.value if type(event) is ScalarEvent else None
        elif is_merge(event) or value in node:
            self._repeat(event, value, stack)
            name = None
        else:
            name = value  # a number, or "<<" in quotes
        if name is not None and name not in node:
            return str(name)
        self._has_odd_keys = True
        return _Key.DROPPED

    def _refuse_key(self, event: Any, value: Any) -> None:
        at = self._at(event)
        written = self._source.text[at.start : at.end]
        help = f'quote it: "{written}"' if type(event) is ScalarEvent and written else ""
        self._problems.report(KEY_NOT_STRING, at, f"{_NAMES[type(value)]} cannot be a key", help=help)

    def _repeat(self, event: Any, key: str, stack: list[_Level]) -> None:
        """Note a repeated key; where the first one stands is looked up once for all of a document."""
        if len(self._repeated) == MOST:
            self._problems.skip()  # not to be shown, so not looked up
            return
        steps = [*(step if type(outer) is dict else len(outer) - 1 for outer, step in stack[1:]), key]
        path = tuple(steps) if all(isinstance(step, str | int) for step in steps) else None
        written = event.value if type(event) is ScalarEvent else f"*{event.anchor}"
        self._repeated.append((written, self._at(event), path))

    def _at(self, event: Any) -> Stretch:
        start, end = event.start_mark.index, event.end_mark.index
        is_block = type(event) is ScalarEvent and event.style in ("|", ">")
        return self._source.at(start, without_break(self._source.text, start, end) if is_block else end)
