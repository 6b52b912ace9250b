"""Diagnostics render for any text, any place and any message."""

import json
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from egc.diagnostics import RULES, Diagnostic, Label, Place, Rule, Severity, Span, suggest
from egc.diagnostics.machine import FORMATS, Settings
from egc.diagnostics.text import render

ERROR = RULES.pop(Rule("EGC9001", Severity.ERROR, "unknown field", "").code)
WIDE = 10_000

hostile = st.text(st.sampled_from("ab^|- :\t\r\n\x00\x1b\x7f\x85\x9b\xa0日本한\u0301\u200d\u202e\u2028\ufeff😀\ud800…"))
names = st.text(st.sampled_from("ab/.:, %\n\x1b日\udcff"))
lines = st.text(st.sampled_from("ab^|- :\t\x00\x1b\x9b\xa0日한\u0301\u202e😀"), max_size=60)
numbers = st.integers(-3, 70)
spans = st.builds(Span, numbers, numbers, numbers, numbers)
places = st.builds(Place, names, hostile, st.none() | spans)
labels = st.builds(Label, places, hostile)
diagnostics = st.builds(
    Diagnostic,
    st.just(ERROR),
    st.sampled_from(Severity),
    hostile,
    st.none() | places,
    hostile,
    st.lists(labels, max_size=3).map(tuple),
)


def wide(ch: str) -> int:
    """The columns of one printable character."""
    if unicodedata.combining(ch):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in ("W", "F") else 1


def covered(line: str, marks: str) -> str:
    """The characters of *line* that stand above the carets of *marks*."""
    start, end = marks.index("^"), len(marks)
    column, above = 0, ""
    for ch in line:
        if start <= column < end and wide(ch):
            above += ch
        column += wide(ch)
    return above


def written(text: str) -> str:
    """How *text* is to appear, less its combining characters."""
    escaped = (ch if ch.isprintable() else ch.encode("unicode_escape").decode() for ch in text.replace("\t", "    "))
    return "".join(ch for ch in "".join(escaped) if wide(ch))


def excerpt(before: list[str], line: str, start: int, end: int, width: int) -> tuple[str, str]:
    """What is shown of *line*, and the carets below it, without the margin."""
    number = len(before) + 1
    place = Place("a.yaml", "\n".join([*before, line]), Span(number, start + 1, number, end + 1))
    rows = render([Diagnostic(ERROR, Severity.ERROR, "m", place)], color=False, width=width).split("\n")
    margin = len(str(number)) + 3
    assert len(rows) == 5
    return rows[3][margin:], rows[4][margin:]


@given(st.lists(lines, min_size=1, max_size=12), lines, st.data())
def test_carets_point_at_the_span(before: list[str], line: str, data: st.DataObject) -> None:
    """The carets stand below exactly the characters of the span."""
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    shown, marks = excerpt(before, line, start, end, WIDE)
    assert set(marks) <= {" ", "^"}
    span = written(line[start:end])
    if span:
        assert covered(shown.ljust(WIDE), marks).rstrip() == span.rstrip()
        assert marks.count("^") == sum(map(wide, span))
    else:
        assert marks.count("^") == 1


@given(lines, st.integers(20, 60), st.data())
def test_cropped_lines_fit_and_show_the_span(line: str, room: int, data: st.DataObject) -> None:
    """A cropped line keeps to the width, and what the carets mark is the beginning of the span."""
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    shown, marks = excerpt([""], line, start, end, room + 4)
    assert sum(map(wide, shown)) <= room
    assert sum(map(wide, marks)) <= room + 1
    above = covered(shown.ljust(room + 1), marks).rstrip()
    span = written(line[start:end])
    if above.endswith("…"):
        assert span.startswith(above[:-1])
        assert above[:-1] or not span
    elif span:
        assert above == span.rstrip()


@given(st.lists(diagnostics, max_size=3), st.integers(-5, 120))
def test_any_diagnostic_renders_safely(found: list[Diagnostic], width: int) -> None:
    """Nothing raises, nothing unprintable comes out, and colour changes nothing but the colour."""
    text = render(found, color=False, width=width)
    assert text.replace("\n", "").isprintable()
    assert re.sub(r"\x1b\[\d+m", "", render(found, color=True, width=width)) == text


@given(st.lists(diagnostics, max_size=3))
def test_json_holds_every_diagnostic(found: list[Diagnostic]) -> None:
    """The JSON formats hold every diagnostic, whatever its text."""
    assert len(json.loads(FORMATS["json"](found, Settings()))["diagnostics"]) == len(found)
    (run,) = json.loads(FORMATS["sarif"](found, Settings(version="1")))["runs"]
    assert len(run["results"]) + len(run["invocations"][0]["toolConfigurationNotifications"]) == len(found)


@given(st.lists(diagnostics, max_size=3))
def test_one_command_per_diagnostic(found: list[Diagnostic]) -> None:
    """No message can smuggle in a second workflow command."""
    commands = FORMATS["github"](found, Settings()).split("\n") if found else []
    assert len(commands) == len(found)
    assert all(re.match(r"::(error|warning|notice) [^:]*title=EGC9001::", command) for command in commands)


@given(hostile, st.lists(hostile))
def test_suggestions_are_known(word: str, known: list[str]) -> None:
    """Only a known word is ever suggested, and a known one whenever it is written just so."""
    near = suggest(word, known)
    assert near is None or near in known
    if word in known:
        assert near is not None
        assert near.casefold() == word.casefold()
