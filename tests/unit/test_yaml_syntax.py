"""Text that is not YAML is answered in plain words, and what precedes it is kept."""

import pytest

from egc.diagnostics import Sink
from egc.source import read
from tests.unit.yaml_texts import either_parser, load, problems, where

both_parsers = pytest.fixture(params=["libyaml", "PyYAML"])(either_parser)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a:\n\tb: 1", "2:1 a tab cannot indent YAML"),
        ("a: 1\n \tb: 1", "2:2 a tab cannot indent YAML"),
        ("a:\n  - b\n\t- c", "3:1 a tab cannot indent YAML"),
        ("{\n\ta: 1,\n\tb: : }", "3:5 expected a value"),
        ("a: b: c", "1:5 a ':' cannot stand here"),
        ("a: 1\n b: 2", "2:3 a ':' cannot stand here"),
        ("a:\n  - b\n c: 1", "3:2 expected a key of the mapping, or its end"),
        ("- a\nb: c", "2:1 expected an item ('- ') of the list, or its end"),
        ("a: - b", "1:4 a list cannot begin here"),
        ("a: [b, c\nd: e\n", "2:2 expected ',' or ']'"),
        ("a: {b: c\n\n", "1:8 expected ',' or '}'"),
        ("a: [b]]", "1:7 expected a key of the mapping, or its end"),
        ("a: 'b\nc: d\n", "1:4 the quotes are not closed"),
        ("a: 'b\n---\nc: d\n", "1:4 the quotes are not closed before the next document"),
        ('a: "\\d+"', "1:5 no such escape in double quotes"),
        ("a: `b`", "1:4 a value cannot begin with '`'"),
        ("a: @b", "1:4 a value cannot begin with '@'"),
        ("a: |x\n", "1:5 only a comment may follow here"),
        ("a: 1\nfoo\nb: 2", "2:1 a key without its ':'"),
        ("- *.example.com", "1:3 a text that begins with '*' must be quoted"),
        ("a: {b: ${X}}", "1:9 a variable cannot stand unquoted inside { } or [ ]"),
        ("'a' b", "1:5 the document ended before this"),
        ("!e!x a", "1:1 found undefined tag handle"),
        ("%YAML 2.0\n--- a", "1:1 found incompatible YAML document"),
    ],
)
def test_syntax(text: str, found: str) -> None:
    """A syntax error is told once, at its place and in plain words."""
    assert problems(text) == [f"EGC1001 {found}"]


def test_syntax_labels() -> None:
    """What was not closed is shown as well."""
    sink = Sink()
    read("in.yaml", "a: [b,\n  c\nd: e\n", sink)
    (found,) = sink.found
    assert [(where(label.place), label.text) for label in found.related] == [("1:4", "the list begins here")]


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("end", ["b: [", "b: 'x", "b: c: d", "\tb: 1", "{b: *x", "- 1\nb", '"\\UFFFFFFFF"'])
def test_kept(end: str) -> None:
    """The documents before a syntax error are kept; the one with the error and those after it are not."""
    sink = Sink()
    documents = read("in.yaml", f"a: 1\n---\n- 2\n---\n{end}\n---\nc: 3\n", sink)
    assert [document.data for document in documents] == [{"a": 1}, [2]]
    assert sink.failed


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("text", ["  a: 1\nb: 2\n", "{a: 1}\nb: 2\n", "'a' b"])
def test_half_a_document(text: str) -> None:
    """A document that seems to end before the error is not taken for a whole one, unless its end is written."""
    assert [document.data for document in read("in.yaml", f"--- 1\n---\n{text}", Sink())] == [1]
    assert [document.data for document in read("in.yaml", "a: 1\n...\nb: 2\n", Sink())] == [{"a": 1}]


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9f", "\ufeff", "\uffff", "\ud800"])
def test_forbidden_characters(character: str) -> None:
    """A character that YAML forbids is named and shown, wherever it stands."""
    for text in (f"a: 1\n---\n# é {character}\nb: 2\n", f"a: 1\n---\nb: '{character}'\n"):
        assert problems(text) == [f"EGC1002 3:5 the character U+{ord(character):04X} may not stand in YAML"]


def test_kept_before_forbidden_character() -> None:
    """A forbidden character costs its own document and those after it."""
    documents = read("in.yaml", "a: 1\n---\n- 2\n---\nb: \x1b\n---\nc: 3\n", Sink())
    assert [document.data for document in documents] == [{"a": 1}, [2]]


@pytest.mark.usefixtures("both_parsers")
def test_exotic_escapes() -> None:
    """Escapes for what is no character are refused by either parser."""
    assert load('- "\\x1b\\u00e9\\U0001F600\\0"') == ["\x1bé😀\0"]
    for text in ('"\\ud800"', '"\\UFFFFFFFF"', "%YAML 1." + "1" * 5000 + "\n--- a"):
        assert [found[:7] for found in problems(text)] == ["EGC1001"]


def test_last_problem() -> None:
    """Why the rest of a file is not read is told however many problems there were before."""
    for end, code in (("b: [", "EGC1001"), ("\x07", "EGC1002"), ("[" * 101, "EGC1010"), ("&a [*a, *b]", "EGC1012")):
        assert code in {found[:7] for found in problems("1: x\n---\n" * 150 + end)}


@pytest.mark.parametrize(
    "piece",
    ["[a,", "[", "{", "]", "&a ", "a: ", "? a\n", "- ", "-\n", "a\n", "'a\n", ":", "\t", "!", "---\n", "a: 1\n"],
)
def test_garbage(piece: str) -> None:
    """Large nonsense is answered with few diagnostics, and soon."""
    sink = Sink()
    read("in.yaml", piece * 200_000, sink)
    assert len(sink.found) <= 101
