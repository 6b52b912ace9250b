"""What the diagnostics say of each object and of each of its parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from egc.diagnostics import Diagnostic, Located, Place, Severity, Sink, Span
from egc.gatewayapi.conditions import Conditions
from egc.kube.resource import Resource
from egc.pictures.model import Card, Row
from egc.source import Document, read

_QUIET = frozenset({"Overridden", "Merged", "Warning"})


class Problems:
    """The findings of a run, by place."""

    def __init__(self, findings: Iterable[Diagnostic]) -> None:
        self._by_file: dict[str, list[Diagnostic]] = defaultdict(list)
        self._documents: dict[str, list[Document]] = {}
        for found in findings:
            if found.place is not None and found.place.span is not None and found.severity is not Severity.NOTE:
                self._by_file[found.place.file].append(found)

    def tell(self, resource: Resource, card: Card, parts: Iterable[tuple[Located, Row]]) -> None:
        """Put each finding that lies in the resource on the row of its part, or else on the card."""
        place = resource.at("metadata", "name").place()
        if place is None:
            return
        card.where = f"{place.file}:{place.span.line}" if place.span else place.file
        if place.file not in self._by_file:
            return
        left = dict.fromkeys(self._within(resource.at().place()))
        for part, row in parts:
            for found in self._within(part.place()):
                if found in left:
                    del left[found]
                    _put(found, row)
        for found in left:
            _put(found, card)

    def unreadable(self, data: object) -> Iterator[str]:
        """What is wrong with an object of which only the plain data could be read."""
        for file, found in self._by_file.items():
            text = found[0].place.text if found[0].place else ""
            if file not in self._documents:
                self._documents[file] = read(file, text, Sink())
            for document in self._documents[file]:
                if document.data == data:
                    place = Place(file, text, document.span(()))
                    yield from (each.message for each in self._within(place) if each.severity is Severity.ERROR)

    def _within(self, place: Place | None) -> Iterator[Diagnostic]:
        if place is None or place.span is None:
            return
        outer = place.span
        for found in self._by_file.get(place.file, ()):
            inner = found.place.span if found.place else None
            if inner is not None and _begins_within(inner, outer):
                yield found


def _begins_within(inner: Span, outer: Span) -> bool:
    begins = (inner.line, inner.column)
    return (outer.line, outer.column) <= begins < (outer.end_line, outer.end_column)


def _put(found: Diagnostic, target: Card | Row) -> None:
    listed = target.errors if found.severity is Severity.ERROR else target.warnings
    listed[found.message] = None


def denials(conditions: Conditions) -> dict[str, None]:
    """What bad conditions say."""
    denied = [type for type in sorted(conditions.by_type) if type not in _QUIET and conditions.denied(type)]
    telling = [type for type in denied if type != "Programmed"]  # the others say why
    return {conditions.by_type[type].message: None for type in telling or denied}


def without_repetition(card: Card) -> None:
    """What a row says, its card need not say again."""
    for row in card.rows.values():
        for message in row.errors:
            card.errors.pop(message, None)
        for message in (*row.warnings, *row.errors):
            card.warnings.pop(message, None)
            if message in row.errors:
                row.warnings.pop(message, None)
