"""Anchors, aliases and merge keys, and what keeps them and nesting within bounds."""

import pytest

from egc.diagnostics import Sink
from egc.source import read
from tests.unit.yaml_texts import broken, either_parser, load, problems

both_parsers = pytest.fixture(params=["libyaml", "PyYAML"])(either_parser)


def test_aliases() -> None:
    """An alias is the node that its anchor named last; a document sees no anchors of the one before."""
    assert load("a: &x {b: [1]}\nc: *x\nd: [*x, &x 5, *x]\n&k e: f\n*k : 0\n".replace("*k :", "g:")) == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, 5, 5],
        "e": "f",
        "g": 0,
    }
    assert load("- &k e\n- {*k : 1}\n") == ["e", {"e": 1}]
    assert problems("a: &x 1\n---\nb: *x\n") == ['EGC1007 3:4 no anchor "&x" before this alias']
    assert problems("- &k 1\n- {*k : 1}\n") == ["EGC1004 2:4 a number cannot be a key"]


@pytest.mark.parametrize("text", ["a: &x [*x]", "&x a: &y {b: {c: *y}}", "&x {a: {<<: *x}}", "&x {? [*x] : 1}"])
def test_recursion(text: str) -> None:
    """An alias inside its own anchor is refused."""
    assert any(found.startswith("EGC1008") for found in problems(text))


def bomb(levels: int, width: int = 10) -> str:
    """Lists of aliases of lists of aliases."""
    lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}' if i else 'x'] * width)}]" for i in range(levels)]
    return "sound: 1\n---\n" + "\n".join(lines)


def test_alias_bomb() -> None:
    """Aliases may stand for a hundred thousand values in a file; one that goes beyond is not read further."""
    assert problems(bomb(4)) == []
    assert problems(bomb(30)) == ["EGC1009 7:45 the aliases of this file stand for more than 100,000 values"]
    assert [document.data for document in read("in.yaml", bomb(30), Sink())] == [{"sound": 1}]
    merges = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n" + "b: [" + "{<<: *a}, " * 100 + "]\n"
    assert [found[:7] for found in problems(merges)] == ["EGC1009"]


def test_aliases_nest() -> None:
    """What aliases stand for counts where they stand: a chain of them is no way to nest without bounds."""
    text = "a0: &a0 []\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200))
    (found,) = problems(text)
    assert found.startswith("EGC1010")
    assert int(found.split()[1].partition(":")[0]) == 100


def test_aliased_scalar_at_the_bottom() -> None:
    """A scalar nests nothing."""
    assert problems("a: &x 1\nb: " + "[" * 99 + "*x" + "]" * 99) == []


def test_merge() -> None:
    """A merge key takes in what the mapping lacks; of several mappings the first counts."""
    text = """
a: &a {p: 1, q: 1}
b: &b {q: 2, r: 2}
one: {<<: *a, q: 0}
two: {q: 0, <<: *a}
list: {<<: [*a, *b, {s: 3}]}
chain: &c {<<: *b, t: 4}
chained: {<<: *c}
inline: {<<: {<<: *a, u: 5}}
quoted: {"<<": *a}
"""
    assert {key: value for key, value in load(text).items() if len(key) > 1} == {
        "one": {"p": 1, "q": 0},
        "two": {"p": 1, "q": 0},
        "list": {"p": 1, "q": 1, "r": 2, "s": 3},
        "chain": {"q": 2, "r": 2, "t": 4},
        "chained": {"q": 2, "r": 2, "t": 4},
        "inline": {"p": 1, "q": 1, "u": 5},
        "quoted": {"<<": {"p": 1, "q": 1}},
    }


@pytest.mark.parametrize("value", ["1", "text", "[1]", "~", "[{a: 1}, []]"])
def test_bad_merge(value: str) -> None:
    """A merge key needs mappings."""
    assert problems(f"x:\n  <<: {value}\n  b: 2\n") == ['EGC1011 2:3 "<<" needs a mapping or a list of mappings']
    assert broken(f"x:\n  <<: {value}\n  b: 2\n")["x"]["b"] == 2


def test_two_merge_keys() -> None:
    """A merge key is a key: one to a mapping."""
    assert problems("a: {<<: {b: 1}, <<: {c: 1}}") == ['EGC1003 1:17 "<<" stands twice here']


@pytest.mark.usefixtures("both_parsers")
def test_depth() -> None:
    """A hundred levels are enough; what is deeper ends the reading of the file, in any style."""
    assert load("[" * 100 + "]" * 100)
    assert problems("[" * 101 + "]" * 101) == ["EGC1010 1:101 nested more than 100 levels deep"]
    block = "".join(f"{' ' * i}a:\n" for i in range(1000))
    for text in ("[" * 10_000, "{a: " * 10_000, "- " * 10_000, "? " * 10_000, "[? " * 10_000, block):
        sink = Sink()
        assert read("in.yaml", f"a: 1\n---\n{text}", sink)[0].data == {"a": 1}
        assert {d.rule.code for d in sink.found} - {"EGC1004"} == {"EGC1010"}
