"""Any YAML: it reads as PyYAML reads it, every node is found again, and nothing raises."""

from typing import Any

import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from egc.diagnostics import Place, Sink, Span
from egc.diagnostics.excerpt import Lines
from egc.diagnostics.text import render
from egc.source import Document, Path, Substitution, read
from egc.source.spans import read_spans

# Everything a YAML file may hold, and often what means something in it
CHARACTERS = st.one_of(
    st.sampled_from(" \n\t:-#?,[]{}&*!|>'\"%@`~<=$01_.eyn\x85\u2028"),
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"),
)
WORDS = [
    "on",
    "~",
    "0x1f",
    "1_0",
    "1:20",
    "2024-01-01",
    "<<",
    "=",
    "é😀",
    "a: b",
    "- a",
    "a\nb",
    "  a\n b\n",
    "\n",
    "[a]",
]
TEXTS = st.one_of(st.text(CHARACTERS, max_size=12), st.sampled_from(WORDS))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS)
TREES = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXTS, children, max_size=4),
    max_leaves=12,
)
STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, "'", '"', "|", ">"]),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([10, 80]),
        "indent": st.sampled_from([2, 4]),
        "line_break": st.sampled_from(["\n", "\r\n"]),
    }
)
PIECES = [
    "a",
    "b",
    "1",
    "~",
    ":",
    ": ",
    "- ",
    "? ",
    "\n",
    "\n  ",
    "\n- ",
    "\nb: ",
    "\n---\n",
    "\n...\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
]
PIECES += [
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "'",
    '"',
    "|\n  ",
    ">-\n ",
    "\t",
    "# ",
    "%YAML 1.2\n",
    "${A",
    "}",
    "$$",
    "\r\n",
    "\x07",
]
NONSENSE = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


class Dumper(yaml.SafeDumper):
    """Writes out what stands twice, so that every node has a place of its own."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is an alias."""
        return True


class Reference(yaml.CSafeLoader):
    """PyYAML with the documented differences: no dates, no base 60, and no special values."""


def construct_number(loader: Reference, node: Any) -> Any:
    """A number, or the text of one to the base of 60."""
    if ":" in node.value:
        return node.value
    return loader.construct_yaml_int(node) if node.tag.endswith("int") else loader.construct_yaml_float(node)


Reference.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Reference.add_constructor("tag:yaml.org,2002:int", construct_number)
Reference.add_constructor("tag:yaml.org,2002:float", construct_number)
Reference.add_constructor("tag:yaml.org,2002:merge", lambda _, node: node.value)


def reference(text: str) -> list[Any]:
    """What PyYAML reads; nothing where it asks for more than YAML does."""
    try:
        return [tree for tree in yaml.load_all(text, Reference) if tree is not None]
    except yaml.composer.ComposerError as error:
        assume("found duplicate anchor" not in str(error))
        raise


def dump(trees: list[Any], style: dict[str, Any]) -> str:
    """The trees as YAML documents."""
    return str(yaml.dump_all(trees, Dumper=Dumper, explicit_start=True, **style))


def same(one: object, other: object) -> bool:
    """Equality that tells 1 from True, and in which nan equals itself."""
    return repr(one) == repr(other)


def nodes(data: object, path: Path = ()) -> dict[Path, object]:
    """All nodes of a tree by their paths."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        children = list(data.items())
    elif isinstance(data, list):
        children = list(enumerate(data))
    found: dict[Path, object] = {path: data}
    for step, child in children:
        found |= nodes(child, (*path, step))
    return found


def written(text: str, span: Span) -> str:
    """What a span covers, with the line breaks as they are."""
    lines, starts, start = Lines().of(text), [], 0
    for line in lines:
        starts.append(start)
        start += len(line) + (2 if text.startswith("\r\n", start + len(line)) else 1)
    assert span.column <= len(lines[span.line - 1]) + 1 and span.end_column <= len(lines[span.end_line - 1]) + 1
    return text[starts[span.line - 1] + span.column - 1 : starts[span.end_line - 1] + span.end_column - 1]


def reread(text: str, document: Document, path: Path, *, key: bool = False) -> object:
    """The value of what a span covers, read below a parent like the one it has."""
    piece = written(text, document.span(path, key=key))
    if not path:
        return yaml.load(f"--- {piece}\n", Reference)
    parent = document.span(path[:-1])
    if written(text, parent).startswith(("[", "{")):
        return yaml.load(f"{{? {piece}\n}}" if key else f"[{piece}\n]", Reference)
    indent = " " * (parent.column - 1)
    return yaml.load(f"{indent}? {piece}\n" if key else f"{indent}- {piece}\n", Reference)


@given(st.lists(TREES, min_size=1, max_size=3), STYLES)
def test_documents(trees: list[Any], style: dict[str, Any]) -> None:
    """What PyYAML writes reads as PyYAML reads it, each document also on its own."""
    text = dump(trees, style)
    sink = Sink()
    documents = read("in.yaml", text, sink)
    assert not sink.found
    assert same([document.data for document in documents], reference(text))
    for document in documents:
        assert document.line == len(Lines().of(text[: document.start])) - 1
        assert same(read("in.yaml", text[document.start :], Sink())[0].data, document.data)


@given(st.lists(TREES, min_size=1, max_size=3), STYLES)
def test_spans(trees: list[Any], style: dict[str, Any]) -> None:
    """What the span of a scalar or of a key covers reads to its value."""
    text = dump(trees, style)
    for document in read("in.yaml", text, Sink()):
        spans = read_spans(text[document.start :], document.line)
        found = nodes(document.data)
        assert set(spans.values) == set(found)
        assert set(spans.keys) == {path for path in found if path and isinstance(path[-1], str)}
        for path, value in found.items():
            if not isinstance(value, dict | list):
                again = reread(text, document, path)
                assert same(again[0] if path and isinstance(again, list) else again, value)
        for path in spans.keys:
            assert reread(text, document, path, key=True) == {path[-1]: None}


@given(NONSENSE)
@example("? [a]: b")
def test_nonsense(text: str) -> None:
    """No text raises; whatever is accepted reads as PyYAML reads it; every node has a place within the file."""
    sink = Sink()
    documents = read("in.yaml", text, sink)
    assert isinstance(render(sink.sorted(), color=False), str)
    for document in documents:
        for path in nodes(document.data):
            span = document.span(path)
            assert (span.line, span.column) <= (span.end_line, span.end_column)
            written(document.text, span)
    if not sink.found:
        assert same([document.data for document in documents], reference(text))
    read_spans(text, 0)


@given(NONSENSE, st.dictionaries(st.sampled_from("AB"), TEXTS))
def test_nonsense_with_variables(text: str, values: dict[str, str]) -> None:
    """No text and no value raises with substitution on; without a dollar sign it changes nothing."""
    substitution, off, on = Substitution(values), Sink(), Sink()
    replaced = read("in.yaml", text, on, substitution)
    if "$" not in text:
        assert same([d.data for d in replaced], [d.data for d in read("in.yaml", text, off)])
        assert on.found == off.found


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_expansion(text: str, values: dict[str, str]) -> None:
    """Doubled dollars protect any text from substitution, and a text without any needs no protection."""
    sink = Sink()
    expand = Substitution(values).expand
    assert expand(text.replace("$", "$$"), Place("in.yaml"), sink) == text
    assert "$" in text or expand(text, Place("in.yaml"), sink) == text
    assert not sink.found
