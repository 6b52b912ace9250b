"""Every node of a document is found again in its text."""

import pytest

from egc.diagnostics import Sink, Span
from egc.diagnostics.excerpt import Lines
from egc.source import At, Document, Path, Spans, read
from egc.source.spans import read_spans
from tests.unit.yaml_texts import either_parser

both_parsers = pytest.fixture(params=["libyaml", "PyYAML"])(either_parser)


def covered(text: str, span: Span) -> str:
    """What a span covers, by the lines that diagnostics show."""
    lines = Lines().of(text)
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    inner = lines[span.line : span.end_line - 1]
    return "\n".join([lines[span.line - 1][span.column - 1 :], *inner, lines[span.end_line - 1][: span.end_column - 1]])


def values(text: str, line: int = 0) -> dict[Path, str]:
    """What the spans of the values cover."""
    return {path: covered("\n" * line + text, span) for path, span in read_spans(text, line).values.items()}


def keys(text: str) -> dict[Path, str]:
    """What the spans of the keys cover."""
    return {path: covered(text, span) for path, span in read_spans(text, 0).keys.items()}


def documents(text: str) -> list[Document]:
    """The documents of a text."""
    return read("in.yaml", text, Sink())


@pytest.mark.usefixtures("both_parsers")
def test_nodes() -> None:
    """Mappings and lists end with their content, in block and in flow style."""
    text = "# c\na:\n- b: 1\n  c: [2, {d: e}]  # c\n\n- - x\n  - y z\n\n# c\nf: {}\n"
    assert values(text) == {
        (): text[4:-1],
        ("a",): "- b: 1\n  c: [2, {d: e}]  # c\n\n- - x\n  - y z",
        ("a", 0): "b: 1\n  c: [2, {d: e}]",
        ("a", 0, "b"): "1",
        ("a", 0, "c"): "[2, {d: e}]",
        ("a", 0, "c", 0): "2",
        ("a", 0, "c", 1): "{d: e}",
        ("a", 0, "c", 1, "d"): "e",
        ("a", 1): "- x\n  - y z",
        ("a", 1, 0): "x",
        ("a", 1, 1): "y z",
        ("f",): "{}",
    }
    found = keys(text)
    assert found == {path: path[-1] for path in found}
    assert set(found) == {("a",), ("a", 0, "b"), ("a", 0, "c"), ("a", 0, "c", 1, "d"), ("f",)}


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 'x ''y'\nb: 1", "'x ''y'"),
        ('a: "x\n  y"  # c\nb: 1', '"x\n  y"'),
        ("a: x\n  y\n\n  z # c\nb: 1", "x\n  y\n\n  z"),
        ("a: |\n  x\n  y\n# c\nb: 1", "|\n  x\n  y"),
        ("a: >-\n  x\n\n  y\n\n\nb: 1", ">-\n  x\n\n  y\n\n"),
        ("a: |+\n  x\n\nb: 1", "|+\n  x\n"),
        ("a: |\n  x", "|\n  x"),
        ("a: !!str 80\nb: 1", "!!str 80"),
        ("a: &x 80\nb: 1", "&x 80"),
        ("a:\nb: 1", ""),
        ("? a\n\n? b\n", ""),
        ("a: # c\n\nb: 1", ""),
        ("[a: x]", "x"),
    ],
)
def test_scalars(text: str, value: str) -> None:
    """A scalar is what is written for it, with its tag and its quotes, and without the break of its last line."""
    found = values(text)
    assert found.get(("a",), found.get((0, "a"))) == value


@pytest.mark.parametrize(("text", "column"), [("b:\na:\nc: 1", 3), ("b: 1\n? a\n\n? c\n", 4)])
def test_no_value(text: str, column: int) -> None:
    """A value that is not written stands behind its key, on the same line."""
    assert read_spans(text, 0).values["a",] == Span(2, column, 2, column)


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("text", ["[a: [b], c]", "{a: {b: c} }", "- a: b\n\n\n- c\n", "a:\n  b:\n\n\nc: d\n"])
def test_no_overrun(text: str) -> None:
    """A mapping or list without brackets ends with its last child, not where the next thing begins."""
    for covering in values(text).values():
        assert covering == covering.strip()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_line_breaks(end: str) -> None:
    """Lines are counted as diagnostics show them, whichever character ends them."""
    text = f"# é{end}a: 'x{end}{end}y' # 😀{end}b:{end}- 😀 # c{end}- |{end}  z{end}c: d{end}"
    spans = read_spans(text, 0)
    assert spans.keys["b",] == Span(5, 1, 5, 2)
    assert covered(text, spans.values["b", 0]) == "😀"
    assert covered(text, spans.values["b", 1]) == "|\n  z"
    assert spans.values["c",] == Span(9, 4, 9, 5)


def test_break_in_a_quoted_text() -> None:
    """A line separator within quotes begins a line for YAML, and so it does for what diagnostics show."""
    text = "# 'a\u2028---\nb: 'x\u2028y'\nc: [d]\n---\ne: f\n"
    first, second = documents(text)
    assert covered(text, first.span(("c", 0))) == "d"
    assert covered(text, second.span(("e",), key=True)) == "e"
    assert second.span(("e",)).line == 7


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_documents(mark: str, end: str) -> None:
    """Spans are right in the first, a middle and the last document of a file."""
    lines = [
        "# é",
        "  a: [x]",
        "  b: y",
        "---",
        "a: [x]",
        "--- {a: [x], b: y}",
        "%YAML 1.2",
        "--- # 😀",
        "# c",
        "a:",
        "- x",
    ]
    text = end.join(lines).replace(f"{end}%", f"{end}...{end}%") + end
    found = documents(mark + text)
    assert [At(document, ("a", 0)).place().span for document in found] == [
        Span(2, 7, 2, 8),
        Span(5, 5, 5, 6),
        Span(6, 10, 6, 11),
        Span(12, 3, 12, 4),
    ]
    for document in found:
        place = At(document, ("a",)).key.place()
        assert (place.file, place.text) == ("in.yaml", text)
        assert place.span is not None and covered(text, place.span) == "a"


def test_line_offset() -> None:
    """The number of the first line is added to all."""
    assert read_spans("a: 1\nb: 2", 5).values["b",] == Span(7, 4, 7, 5)
    assert values("a: 1\nb: 2", 5)["b",] == "2"


def test_only_the_first_document() -> None:
    """What follows the document is not read."""
    assert values("--- a\n--- [b\n") == {(): "a"}
    assert read_spans("--- a\n" + "--- b\n" * 100_000, 0) == Spans({(): Span(1, 5, 1, 6)}, {})


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("", ()),
        ("~", ()),
        ("[", ()),
        ("a: [b, 'c", ("a", 0)),
        ("a: b\nc: \x07", ("a",)),
        ("a: {b: {c: d, : ]", ("a", "b", "c")),
    ],
)
def test_incomplete(text: str, last: Path) -> None:
    """Text that is no YAML has the spans of what precedes the error, and always that of the root."""
    found = values(text)
    assert () in found
    assert last in found


def test_repeated_keys() -> None:
    """Of a repeated key the first one counts, as in the data."""
    text = "a: {b: 1}\na: {b: 2, c: 3}\nd: 4\n"
    spans = read_spans(text, 0)
    assert spans.keys["a",].line == spans.values["a", "b"].line == 1
    assert ("a", "c") not in spans.values
    assert spans.values["d",].line == 3


@pytest.mark.usefixtures("both_parsers")
def test_odd_keys() -> None:
    """Keys are those of the data: a number by its text, an alias by what it stands for, a list not at all."""
    text = "0x1: a\n!!str on: b\n? [c, {d: e}]\n: {f: g}\n? {h: i}\n: j\n&k k: l\nm: {*k : n}\n'<<': o\n"
    (document,) = documents(text)
    assert isinstance(document.data, dict)
    assert set(keys(text)) == {(key,) for key in document.data} | {("m", "k")}
    assert {path[0] for path in values(text) if path} == set(document.data)
    assert keys(text)["m", "k"] == "*k"


@pytest.mark.usefixtures("both_parsers")
def test_aliases() -> None:
    """What an alias stands for is found at the alias."""
    text = "a: &x {b: [1]}\nc: *x\nd: [*x, 2]\n"
    (document,) = documents(text)
    for path in [("c",), ("c", "b"), ("c", "b", 0)]:
        assert covered(text, document.span(path)) == "*x"
        assert document.span(path).line == 2
    assert document.span(("c", "b"), key=True) == document.span(("c",))
    assert document.span(("d", 0, "b")) == Span(3, 5, 3, 7)
    assert covered(text, document.span(("d", 1))) == "2"
    assert covered(text, document.span(("a",))) == "&x {b: [1]}"


@pytest.mark.usefixtures("both_parsers")
def test_merged_keys() -> None:
    """What a merge key takes in is found at its value, unless the mapping has that key itself."""
    text = "a: &a {b: [1], c: 2}\nd: &d\n  <<: *a\n  c: 3\ne: {<<: [*d, {f: 4}], g: 5}\nh: {<<: {i: 6}}\n"
    (document,) = documents(text)
    found = {
        path: covered(text, document.span(path))
        for path in [("d", "b", 0), ("d", "c"), ("e", "b"), ("e", "f"), ("e", "g")]
    }
    assert found == {
        ("d", "b", 0): "*a",
        ("d", "c"): "3",
        ("e", "b"): "[*d, {f: 4}]",
        ("e", "f"): "[*d, {f: 4}]",
        ("e", "g"): "5",
    }
    assert covered(text, document.span(("d", "b"), key=True)) == "*a"
    assert covered(text, document.span(("h", "i"))) == "{i: 6}"


def test_depth() -> None:
    """What no document can hold costs nothing."""
    assert len(read_spans("[" * 100_000, 0).values) <= 102
    assert (
        len(read_spans("".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9 * bool(i)}]\n" for i in range(50)), 0).values) == 492
    )
