"""Where the nodes of a YAML document are written, read a second time from its text."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from egc.diagnostics import Span
from egc.source.events import DEPTH, ForbiddenCharacterError, is_merge, parser
from egc.source.position import Lines, without_break

Path = tuple[str | int, ...]
_Range = tuple[int, int]  # offsets into the text


@dataclass(frozen=True)
class Spans:
    """The spans of a document's nodes, and of the keys in its mappings, by path.

    What an alias stands for has no spans of its own: its place is the alias, the nearest ancestor that has one.
    """

    values: dict[Path, Span]
    keys: dict[Path, Span]


def read_spans(text: str, line: int) -> Spans:
    """The spans of the document that *text* begins with; *line* is the number of its first line, from 0.

    Of text that is not YAML, those of the nodes before the error.
    """
    reader = _Reader(text)
    with suppress(yaml.YAMLError, ForbiddenCharacterError):  # reported when the document was loaded
        reader.read(parser(text).get_event)
    return reader.finish(line)


@dataclass
class _Frame:
    """A mapping or list that is open.

    ``path`` is None for what is no part of the data, such as the value of a repeated key. ``step`` leads to the next
    child: None where a key is due, or has no name. ``names`` are the keys of a mapping, or of all that a list after
    ``<<`` merges.
    """

    path: Path | None
    start: int
    end: int
    is_mapping: bool
    is_key: bool
    anchor: str | None
    step: str | int | None
    merges: bool
    has_key: bool = False
    names: list[str] = field(default_factory=list)
    merged: dict[str, _Range] = field(default_factory=dict)


class _Reader:
    """Follows the events of one document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._values: dict[Path, _Range] = {}
        self._keys: dict[Path, _Range] = {}
        self._open: list[_Frame] = []
        self._scalars: dict[str, str] = {}  # by anchor
        self._names: dict[str, list[str]] = {}  # the keys of mappings, by anchor

    def read(self, get: Callable[[], Any]) -> None:
        """Read to the end of the first document, or to where no document is read any deeper."""
        while len(self._open) <= DEPTH:
            event = get()
            start, end = event.start_mark.index, event.end_mark.index
            if isinstance(event, yaml.NodeEvent):
                if self._open and self._open[-1].is_mapping and not self._open[-1].has_key:
                    self._key(event, self._open[-1])
                else:
                    self._value(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                # Without a bracket it is noticed only where the next thing begins, maybe lines below.
                self._close(end if end > start else self._open[-1].end)
            elif isinstance(event, yaml.DocumentEndEvent | yaml.StreamEndEvent):
                return

    def finish(self, line: int) -> Spans:
        """All spans; what is still open ends with its last child."""
        while self._open:
            self._close(self._open[-1].end)
        self._values.setdefault((), (0, 0))
        lines = Lines(self._text, line)
        return Spans(
            {path: lines.span(*range) for path, range in self._values.items()},
            {path: lines.span(*range) for path, range in self._keys.items()},
        )

    def _key(self, event: Any, mapping: _Frame) -> None:
        mapping.has_key, mapping.step, mapping.merges = True, None, False
        if isinstance(event, yaml.CollectionStartEvent):
            self._enter(event, None, is_key=True)
            return
        name, (start, end) = self._scalar(event), self._extent(event)
        mapping.end = end
        if name is None:
            return
        mapping.merges = is_merge(event)
        if not mapping.merges:
            mapping.names.append(name)
        path = (*mapping.path, name) if mapping.path is not None else None
        if path is not None and path not in self._keys:  # of equal keys the first counts
            self._keys[path] = start, end
            mapping.step = name

    def _value(self, event: Any) -> None:
        path = self._child()
        if isinstance(event, yaml.CollectionStartEvent):
            self._enter(event, path, is_key=False)
            return
        is_alias = isinstance(event, yaml.AliasEvent)
        names = self._names.get(event.anchor, []) if is_alias else []
        self._scalar(event)
        start, end = self._extent(event)
        parent = self._open[-1] if self._open else None
        if start == end and parent is not None and parent.is_mapping and "\n" in self._text[parent.end : start]:
            start = end = parent.end  # `? key` without a value, which is placed where the next line begins
        if path is not None:
            self._values[path] = start, end
        self._leave(start, end, names)

    def _scalar(self, event: Any) -> str | None:
        """The text of a scalar, or of the one that an alias stands for."""
        is_alias = isinstance(event, yaml.AliasEvent)
        if is_alias:
            return self._scalars.get(event.anchor)
        if event.anchor is not None:
            self._scalars[event.anchor] = event.value
            self._names.pop(event.anchor, None)
        return str(event.value)

    def _child(self) -> Path | None:
        """The path of the next value."""
        if not self._open:
            return ()
        parent = self._open[-1]
        return (*parent.path, parent.step) if parent.path is not None and parent.step is not None else None

    def _extent(self, event: Any) -> _Range:
        """What is written for a scalar or an alias."""
        start, end = event.start_mark.index, event.end_mark.index
        is_block = isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">")
        return start, without_break(self._text, start, end) if is_block else end

    def _enter(self, event: Any, path: Path | None, *, is_key: bool) -> None:
        start, parent = event.start_mark.index, self._open[-1] if self._open else None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        merges = not is_mapping and parent is not None and parent.merges
        step = None if is_mapping else 0
        self._open.append(_Frame(path, start, start, is_mapping, is_key, event.anchor, step, merges))

    def _close(self, end: int) -> None:
        """The innermost mapping or list ends at *end*."""
        frame = self._open.pop()
        if frame.path is not None:
            self._values[frame.path] = frame.start, end
            for name, range in frame.merged.items():
                self._values.setdefault((*frame.path, name), range)
                self._keys.setdefault((*frame.path, name), range)
        names = [*frame.names, *frame.merged]
        if frame.anchor is not None:
            self._names[frame.anchor] = names
            self._scalars.pop(frame.anchor, None)
        if frame.is_key:
            self._open[-1].end = end
        else:
            self._leave(frame.start, end, names)

    def _leave(self, start: int, end: int, names: list[str]) -> None:
        """A value ends; *names* are the keys that it would merge."""
        if not self._open:
            return
        parent = self._open[-1]
        parent.end = end
        if parent.is_mapping:
            if parent.merges:
                parent.merged.update((name, (start, end)) for name in names if name not in parent.merged)
            parent.has_key = parent.merges = False
        else:
            parent.step = int(parent.step or 0) + 1
            if parent.merges:
                parent.names.extend(names)
