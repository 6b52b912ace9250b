"""What no excerpt may show."""

import pytest

from egc.diagnostics import Place, Sink, Span
from egc.diagnostics.confidential import masked
from egc.diagnostics.text import render
from egc.kube.schema_errors import BAD_VALUE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stringData:\n  a: hunter2\nkind: Secret", "stringData:\n  a: *******\nkind: Secret"),
        ("data: {a: hunter2}\nkind: x", "data: *** ********\nkind: x"),
        ("  data:\n    a: |\n      hunter2\n\n      x\n  b: c", "  data:\n    a: *\n      *******\n\n      *\n  b: c"),
        ('{"kind": "Secret", "data": {"a": "b"}}', '{"kind": "Secret", "data": ***** *****'),
        ("metadata: {name: data}", "metadata: {name: data}"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    """Values are asterisks, at the same columns; all else stays."""
    assert masked(text.split("\n")) == shown.split("\n")


def test_excerpt() -> None:
    """An excerpt that points into a Secret does not show its values."""
    sink = Sink()
    place = Place("a.yaml", "kind: Secret\ndata: {a: hunter2}", Span(2, 1, 2, 19))
    sink.report(BAD_VALUE, place, "bad")
    assert "hunter2" not in render(sink.sorted(), color=False)
