"""What diagnostics look like to programs."""

import json

import pytest

from egc.diagnostics import RULES, Diagnostic, Label, Place, Rule, Severity, Span
from egc.diagnostics.machine import FORMATS, Settings, to_github, to_json

CONFLICT = RULES.pop(
    Rule(
        "EGC9001",
        Severity.ERROR,
        "two listeners share a name",
        """
        A name is
        used once.

        ```yaml
        - name: a
        ```
        """,
        help="rename one of them",
        condition="Conflicted/NameConflict",
        lenient=True,
    ).code
)
SHADOWED = RULES.pop(Rule("EGC9002", Severity.WARNING, "rule of an HTTPRoute never matches", "").code)
IGNORED = RULES.pop(Rule("EGC9003", Severity.NOTE, "ignored", "").code)

TEXT = "listeners:\n  - name: a\n  - name: a\n"
HERE = Place("site/a b.yaml", TEXT, Span(3, 11, 3, 12))
FIRST = Place("site/a b.yaml", TEXT, Span(2, 11, 2, 12))
DUPLICATE = Diagnostic(
    CONFLICT, Severity.ERROR, "two are named a", HERE, "rename one of them", (Label(FIRST, "first"),)
)
WHOLE_FILE = Diagnostic(SHADOWED, Severity.WARNING, "not read", Place("b.yaml"))
NOWHERE = Diagnostic(IGNORED, Severity.NOTE, "no profile")
ALL = (DUPLICATE, WHOLE_FILE, NOWHERE)


def test_json() -> None:
    """Each diagnostic is an object with all that is known, in the order of the files."""
    assert json.loads(to_json(ALL)) == {
        "format_version": "1",
        "diagnostics": [
            {
                "code": "EGC9003",
                "severity": "note",
                "title": "ignored",
                "message": "no profile",
                "help": "",
                "place": None,
                "related": [],
            },
            {
                "code": "EGC9002",
                "severity": "warning",
                "title": "rule of an HTTPRoute never matches",
                "message": "not read",
                "help": "",
                "place": {"file": "b.yaml", "line": None, "column": None, "endLine": None, "endColumn": None},
                "related": [],
            },
            {
                "code": "EGC9001",
                "severity": "error",
                "title": "two listeners share a name",
                "message": "two are named a",
                "help": "rename one of them",
                "condition": "Conflicted/NameConflict",
                "place": {"file": "site/a b.yaml", "line": 3, "column": 11, "endLine": 3, "endColumn": 12},
                "related": [
                    {
                        "message": "first",
                        "place": {"file": "site/a b.yaml", "line": 2, "column": 11, "endLine": 2, "endColumn": 12},
                    }
                ],
            },
        ],
    }


def test_github() -> None:
    """Each diagnostic is one workflow command; related places and the help are further lines of its message."""
    assert to_github(ALL).split("\n") == [
        "::notice title=EGC9003::no profile",
        "::warning file=b.yaml,title=EGC9002::not read",
        (
            "::error file=site/a b.yaml,line=3,col=11,endLine=3,endColumn=12,title=EGC9001::"
            "two are named a%0Asite/a b.yaml:2:11: first%0Ahelp: rename one of them"
        ),
    ]


def test_github_range_of_lines() -> None:
    """A range over several lines has no columns, which GitHub would refuse."""
    place = Place("a.yaml", TEXT, Span(2, 5, 3, 1))
    found = Diagnostic(IGNORED, Severity.NOTE, "n", place)
    assert to_github([found]) == "::notice file=a.yaml,line=2,endLine=3,title=EGC9003::n"


def test_github_escapes() -> None:
    """No message or file name can end its command, add a property or reach the terminal."""
    found = Diagnostic(CONFLICT, Severity.ERROR, "100%\r\n::stop::\x1b[2J", Place("a,b:c%.yaml"))
    assert to_github([found]) == (
        r"::error file=a%2Cb%3Ac%25.yaml,title=EGC9001::100%25\r%0A::stop::\x1b[2J"  # the CR is shown, not sent
    )


@pytest.mark.parametrize("name", ["json", "github", "sarif"])
def test_order(name: str) -> None:
    """The order in which diagnostics arrive does not matter."""
    write = FORMATS[name]
    assert write(ALL, Settings(version="1")) == write(ALL[::-1], Settings(version="1"))


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str) -> None:
    """Every format is ASCII-safe for hostile text, has no final line break, and can say nothing."""
    hostile = Diagnostic(CONFLICT, Severity.ERROR, "\x1b\ud800\x9b", Place("\x1b.yaml", "\x1b", Span(1, 1, 1, 2)))
    written = FORMATS[name]([hostile], Settings(version="1"))
    assert written.replace("\n", "").isprintable()
    assert not written.endswith("\n")
    FORMATS[name]([], Settings())


def test_text_settings() -> None:
    """The text format takes colour and width from the settings."""
    found = Diagnostic(CONFLICT, Severity.ERROR, "m", Place("a", "x" * 90, Span(1, 1, 1, 2)))
    assert "…" in FORMATS["text"]([found], Settings(width=40))
    assert "\x1b[31m" in FORMATS["text"]([found], Settings(color=True))
