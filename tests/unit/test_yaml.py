"""YAML text becomes plain data, and what is wrong with its nodes is said at their places."""

import pytest
import yaml

from egc.diagnostics import Severity, Sink
from egc.source import BrokenDocument, Document, read
from tests.unit.yaml_texts import broken, either_parser, load, problems, where

both_parsers = pytest.fixture(params=["libyaml", "PyYAML"])(either_parser)


def same(one: object, other: object) -> bool:
    """Equality that tells 1 from True and 1.0, and finds nan equal to itself."""
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("shop", "shop"),
        ("80", 80),
        ("-1", -1),
        ("+1_000", 1000),
        ("0x1F", 31),
        ("0b101", 5),
        ("0777", 511),
        ("089", "089"),
        ("0o17", "0o17"),
        ("0b_", "0b_"),
        ("1.5", 1.5),
        ("1.5e+3", 1500.0),
        ("1e3", "1e3"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        (".nan", float("nan")),
        ("true", True),
        ("Yes", True),
        ("off", False),
        ("y", "y"),
        ("~", None),
        ("Null", None),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("12:30:45", "12:30:45"),
        ("190:20:30.15", "190:20:30.15"),
        ("=", "="),
        ("<<", "<<"),
        ("1" * 5000, "1" * 5000),
        ('"80"', "80"),
        ("'true'", "true"),
        ("|\n  80", "80"),
        ("!!str 80", "80"),
        ("! 80", "80"),
        ('!!int "80"', 80),
        ("!!float 1", 1.0),
        ("!!float -.inf", float("-inf")),
        ("!!bool Yes", True),
        ("!!null ''", None),
        ("!!map {}", {}),
        ("!!seq []", []),
    ],
)
def test_scalars(text: str, value: object) -> None:
    """Scalars mean what YAML 1.1 says, but dates and numbers to the base of 60 are text."""
    assert same(load(f"- {text}")[0], value)


@pytest.mark.usefixtures("both_parsers")
def test_structure() -> None:
    """Mappings and lists of both styles become dicts and lists."""
    text = "a:\n- 1\n- b: {c: [x, {y: z}]}\n-\n- []\n? d\n: e\nf: [g: h]\n"
    assert load(text) == {"a": [1, {"b": {"c": ["x", {"y": "z"}]}}, None, []], "d": "e", "f": [{"g": "h"}]}


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- ~\n---\n# nothing\n...\n", "\ufeff"])
def test_nothing(text: str) -> None:
    """A text without a value has no documents, and nobody complains."""
    sink = Sink()
    assert read("in.yaml", text, sink) == []
    assert not sink.found


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("a: 1\n", [(0, 0)]),
        ("# c\n\n  a: 1\n  b: 2\n", [(5, 2)]),
        ("--- {a: 1}\n--- [b]\n", [(0, 0), (11, 1)]),
        ("# c\n---\na: 1\n---\n# d\n---\n- b\n...\n", [(4, 1), (21, 5)]),
        ("%YAML 1.2\n---\na: 1\n...\n# c\n%YAML 1.1\n---\nb: 2\n", [(0, 0), (27, 5)]),
        ("a: 1\r\n---\r\nb: 2\r\n", [(0, 0), (6, 1)]),
        ("\ufeffa: 1\n---\nb: 2\n", [(0, 0), (5, 1)]),
        ("a: é😀\n---\nb: 2\n", [(0, 0), (6, 1)]),
        ("a: 'x\u2028y'\n# z\u2028\n---\nb: 2\n", [(0, 0), (14, 4)]),
    ],
)
def test_starts(text: str, starts: list[tuple[int, int]]) -> None:
    """A document knows where it begins, so that the text from there on begins with it."""
    documents = read("in.yaml", text, Sink())
    assert [(document.start, document.line) for document in documents] == starts
    for document in documents:
        again = read("in.yaml", document.text[document.start :], Sink())[0]
        assert (again.data, again.start, again.line) == (document.data, 0, 0)


def test_byte_order_mark() -> None:
    """The text of a document has no byte order mark, so columns of the first line are right."""
    (document,) = read("in.yaml", "\ufeffa: 1\n", Sink())
    assert document.text == "a: 1\n"


def test_sound_is_not_broken() -> None:
    """Of several documents only those with problems are broken."""
    documents = read("in.yaml", "a: 1\n---\nb: 1\nb: 2\n---\nc: *x\n---\nd: 1\n", Sink())
    assert [type(document) for document in documents] == [Document, BrokenDocument, BrokenDocument, Document]


@pytest.mark.usefixtures("both_parsers")
def test_duplicate_keys() -> None:
    """Every repeated key is reported at its place, with the first one beside it, and the first value counts."""
    text = "---\nx: 0\n---\na: 1\nb:\n- c: 1\n  c: {d: 1, d: 2}\n  'c': 3\na: 4\ne: 5\n"
    sink = Sink()
    document = read("in.yaml", text, sink)[1]
    assert document.data == {"a": 1, "b": [{"c": 1}], "e": 5}
    found = [
        (d.rule.code, d.message, where(d.place), [where(label.place) for label in d.related]) for d in sink.sorted()
    ]
    assert found == [
        ("EGC1003", '"c" stands twice here', "7:3", ["6:3"]),
        ("EGC1003", '"d" stands twice here', "7:13", []),  # in what is dropped
        ("EGC1003", '"c" stands twice here', "8:3", ["6:3"]),
        ("EGC1003", '"a" stands twice here', "9:1", ["4:1"]),
    ]


def test_duplicate_key_before_syntax_error() -> None:
    """A repeated key is reported although its document cannot be read to the end."""
    assert problems("a: 1\na: 2\nb: [\n")[0] == 'EGC1003 2:1 "a" stands twice here'


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize(
    ("text", "found", "data"),
    [
        ("1: a", "EGC1004 1:1 a number cannot be a key", {"1": "a"}),
        ("0x10: a\nb: c", "EGC1004 1:1 a number cannot be a key", {"0x10": "a", "b": "c"}),
        ("on: a", "EGC1004 1:1 a boolean cannot be a key", {"on": "a"}),
        ("~: a", "EGC1004 1:1 null cannot be a key", {"~": "a"}),
        ("? [a, {b: c}]\n: [d]\ne: f", "EGC1004 1:3 a list cannot be a key", {"e": "f"}),
        ("{{a: b}: c, e: f}", "EGC1004 1:2 a mapping cannot be a key", {"e": "f"}),
        ("{[a]: {b: c}, e: f}", "EGC1004 1:2 a list cannot be a key", {"e": "f"}),
        ("'1': a\n1: b", "EGC1004 2:1 a number cannot be a key", {"1": "a"}),
    ],
)
def test_keys(text: str, found: str, data: object) -> None:
    """A key that is no string is an error, and the mapping keeps its other keys."""
    assert problems(text) == [found]
    assert broken(text) == data


@pytest.mark.parametrize("text", ["'1': a", '"on": a', "!!str 1: a", "n: a", "<: a", "'<<': a", "2024-01-01: a"])
def test_string_keys(text: str) -> None:
    """What is text is a key."""
    assert list(load(text).values()) == ["a"]


@pytest.mark.parametrize(
    ("text", "found", "data"),
    [
        ("a: !env X", "EGC1005 1:4 the tag !env is not supported", {"a": "X"}),
        ("a: &x !env X", "EGC1005 1:7 the tag !env is not supported", {"a": "X"}),
        ("a: !!binary aGk=", "EGC1005 1:4 the tag !!binary is not supported", {"a": "aGk="}),
        ("a: !!timestamp 2024-01-01", "EGC1005 1:4 the tag !!timestamp is not supported", {"a": "2024-01-01"}),
        ("a: !!set {b}", "EGC1005 1:4 the tag !!set is not supported", {"a": {"b": None}}),
        ("a: !!map [b]", "EGC1005 1:4 the tag !!map is not supported", {"a": ["b"]}),
        ("a: !<x:y> 1", "EGC1005 1:4 the tag !<x:y> is not supported", {"a": "1"}),
        ("a: !!int x", 'EGC1006 1:4 "x" is not !!int', {"a": "x"}),
        ("a: !!int 12:30", 'EGC1006 1:4 "12:30" is not !!int', {"a": "12:30"}),
        ("a: !!float '1 '", 'EGC1006 1:4 "1 " is not !!float', {"a": "1 "}),
        ("a: !!bool 1", 'EGC1006 1:4 "1" is not !!bool', {"a": "1"}),
        ("a: !!null x", 'EGC1006 1:4 "x" is not !!null', {"a": "x"}),
    ],
)
def test_tags(text: str, found: str, data: object) -> None:
    """Only the tags of JSON's types are honoured, and a value must fit its tag."""
    assert problems(text) == [found]
    assert broken(text) == data


def test_many_problems() -> None:
    """A hundred problems of a file are shown, the others counted, and all documents are still read."""
    sink = Sink()
    documents = read("in.yaml", "\n---\n".join(["1: x\na: 1\na: 2\n"] * 200), sink)
    assert len(documents) == 200
    assert sum(d.severity is Severity.ERROR for d in sink.found) == 100
    (note,) = (d for d in sink.found if d.severity is Severity.NOTE)
    assert (note.rule.code, note.message) == ("EGC1012", "300 more problems in this file are not shown")


def test_many_duplicates() -> None:
    """The repeated keys of one document count as well."""
    assert problems("a: 1\n" * 1001)[0] == "EGC1012 - 900 more problems in this file are not shown"


def test_reads_as_pyyaml() -> None:
    """A document of every style reads as PyYAML reads it."""
    text = """
text: [plain text, 'single ''quotes''', "double \\"quotes\\" \\t", http://a.example:80/b#d]
folded: >-
  one
  two

  three
literal: |+
  a: b
   c

  # d

multi: plain
  on two lines
? key
: value
"""
    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: 1\n" * 1_000_000, "a: !x 1\n---\n" * 1_000_000, "1: 1\n" * 1_000_000])
def test_too_many_problems(text: str) -> None:
    """After ten thousand problems a file is not read any further, not even to its syntax error."""
    sink = Sink()
    assert len(read("in.yaml", text + "]", sink)) < 10_001
    assert sum(d.severity is Severity.ERROR for d in sink.found) == 100
    assert "EGC1001" not in {d.rule.code for d in sink.found}
    assert any(d.message.startswith("at least ") for d in sink.found)
