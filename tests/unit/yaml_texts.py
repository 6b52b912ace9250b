"""What tests of the YAML loader ask of a text."""

from typing import Any

import pytest

from egc.diagnostics import Place, Sink
from egc.source import BrokenDocument, events, read


def load(text: str) -> Any:
    """The data of the one document of a sound text."""
    sink = Sink()
    (document,) = read("in.yaml", text, sink)
    assert not sink.found
    return document.data


def problems(text: str) -> list[str]:
    """What is wrong with a text: code, line and column, message."""
    sink = Sink()
    read("in.yaml", text, sink)
    return [f"{d.rule.code} {where(d.place)} {d.message}" for d in sink.sorted()]


def where(place: Place | None) -> str:
    """A place as line:column."""
    assert place is not None and place.file == "in.yaml"
    return f"{place.span.line}:{place.span.column}" if place.span else "-"


def broken(text: str) -> Any:
    """The data of a document that has problems."""
    (document,) = read("in.yaml", text, Sink())
    assert isinstance(document, BrokenDocument)
    return document.data


def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a fixture: the parser of its parameter, libyaml or PyYAML's own."""
    if request.param == "PyYAML":
        monkeypatch.setattr(events, "_Loader", events.PythonLoader)
