"""What no excerpt may show."""

import re

import pytest

from egc.diagnostics import Place, Sink, Span
from egc.diagnostics.confidential import masked
from egc.diagnostics.text import render
from egc.kube.schema_errors import BAD_VALUE
from tests.property.building import build_texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stringData:\n  a: hunter2\nkind: Secret", "stringData:\n  a: *******\nkind: Secret"),
        ("data: {a: hunter2}\nkind: x", "data: *** ********\nkind: x"),
        ("  data:\n    a: |\n      hunter2\n\n      x\n  b: c", "  data:\n    a: *\n      *******\n\n      *\n  b: c"),
        ('{"kind": "Secret", "data": {"a": "b"}}', '{"kind": "Secret", "data": ***** *****'),
        ("string_data: {a: hunter2}", "string_data: *** ********"),
        ("stringDatum: {a: hunter2}", "stringDatum: *** ********"),
        ("metadata: {name: data}", "metadata: {name: data}"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """Values are asterisks, at the same columns; all else stays."""
    assert masked(text.split("\n")) == shown.split("\n")


@pytest.mark.parametrize("value", ["hunter2", "[hunter2]", "{a: [hunter2]}", "{a: 12345678}", "12345678"])
def test_messages(value: str) -> None:
    """Nor does a message about what stands where the values should be."""
    text = f"{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, stringData: {value}}}"
    found = build_texts({"a.yaml": text}).diagnostics
    assert found
    assert not re.search("hunter2|12345678", render(found, color=False))


def test_excerpt() -> None:
    """An excerpt that points into a Secret does not show its values."""
    sink = Sink()
    place = Place("a.yaml", "kind: Secret\ndata: {a: hunter2}", Span(2, 1, 2, 19))
    sink.report(BAD_VALUE, place, "bad")
    assert "hunter2" not in render(sink.sorted(), color=False)
