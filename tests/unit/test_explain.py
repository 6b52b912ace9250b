"""What egc says about its diagnostics in general."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from egc.diagnostics import RULES, Rule, Severity, did_you_mean, explain, suggest
from egc.diagnostics.explain import explain as explanation
from egc.diagnostics.explain import find, listing, load_all_rules, nearest, table


@pytest.fixture
def rules() -> Iterator[dict[str, Rule]]:
    """The catalogue, empty for the test and restored after it."""
    kept = dict(RULES)
    RULES.clear()
    yield RULES
    RULES.clear()
    RULES.update(kept)


@pytest.fixture
def catalogue(rules: dict[str, Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three rules, declared out of order."""
    monkeypatch.setattr(explain, "load_all_rules", lambda: None)
    Rule("EGC9102", Severity.WARNING, "a | b", "")
    Rule("EGC9001", Severity.ERROR, "unknown field", "", condition="Accepted/UnsupportedValue")
    Rule("EGC9010", Severity.NOTE, "ignored field", "")


EXPLANATION = """
        Every listener of a Gateway has a name of its own, since routes and policies name it in
        `sectionName`.
        Short.

        ```yaml
        - name: http   # a comment that goes on well beyond the eighty columns of paragraphs, intact
          port:   80

        ```
        Then:
        - one item which is quite long and needs to be broken somewhere because it exceeds
          the width
        - two
        10. ten

        # A heading which is not filled
        | a  |  b |
            code  as  it  is
        """


def test_explain(rules: dict[str, Rule]) -> None:
    """Paragraphs and list items are filled; fences, tables and headings stay as they are."""
    rule = Rule(
        "EGC9001",
        Severity.ERROR,
        "two listeners share a name",
        EXPLANATION,
        help="rename one of them",
        condition="Conflicted/NameConflict",
        lenient=True,
    )
    assert explanation(rule, color=False).split("\n") == [
        "error[EGC9001]: two listeners share a name",
        "",
        "Every listener of a Gateway has a name of its own, since routes and policies",
        "name it in `sectionName`. Short.",
        "",
        "```yaml",
        "- name: http   # a comment that goes on well beyond the eighty columns of paragraphs, intact",
        "  port:   80",
        "",
        "```",
        "Then:",
        "- one item which is quite long and needs to be broken somewhere because it",
        "  exceeds the width",
        "- two",
        "10. ten",
        "",
        "# A heading which is not filled",
        "| a  |  b |",
        "    code  as  it  is",
        "",
        "help: rename one of them",
        "condition: Conflicted/NameConflict",
        "lenient: a warning under --allow-unsupported",
    ]


def test_explain_the_least(rules: dict[str, Rule]) -> None:
    """A rule that says little leaves no empty headings."""
    rule = Rule("EGC9001", Severity.NOTE, "ignored field", "")
    assert explanation(rule, color=False) == "note[EGC9001]: ignored field"


def test_explain_in_color(rules: dict[str, Rule]) -> None:
    """The headline looks as it does in a report."""
    rule = Rule("EGC9001", Severity.WARNING, "shadowed", "x", help="y")
    text = explanation(rule, color=True)
    assert text.startswith("\x1b[33m\x1b[1mwarning[EGC9001]\x1b[0m\x1b[1m: shadowed\x1b[0m\n")
    assert text.endswith("\x1b[1mhelp\x1b[0m: y")


@pytest.mark.usefixtures("catalogue")
def test_listing() -> None:
    """All rules are listed in the order of their codes, in columns."""
    assert listing().split("\n") == [
        "EGC9001  error    unknown field",
        "EGC9010  note     ignored field",
        "EGC9102  warning  a | b",
    ]


@pytest.mark.usefixtures("catalogue")
def test_table() -> None:
    """The documentation's table has a row for each rule."""
    assert table().split("\n") == [
        "| Code | Severity | Title | Condition |",
        "| --- | --- | --- | --- |",
        "| EGC9001 | error | unknown field | `Accepted/UnsupportedValue` |",
        "| EGC9010 | note | ignored field |  |",
        r"| EGC9102 | warning | a \| b |  |",
    ]


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("written", ["EGC9010", "egc9010", "9010", " egc-9010 ", "EGC 9010"])
def test_find(written: str) -> None:
    """A code is found however it is written."""
    rule = find(written)
    assert rule is not None
    assert rule.code == "EGC9010"
    assert nearest(written) == ["EGC9010"]


def test_find_short_number(rules: dict[str, Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    """Leading zeros may be left out."""
    monkeypatch.setattr(explain, "load_all_rules", lambda: None)
    rule = Rule("EGC0001", Severity.ERROR, "internal error", "")
    assert find("1") is rule


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("written", "near"),
    [("9103", ["EGC9010", "EGC9102"]), ("EGC9011", ["EGC9001", "EGC9010"]), ("EGC7777", []), ("hello", []), ("", [])],
)
def test_nearest(written: str, near: list[str]) -> None:
    """An unknown code is answered with those that look like it."""
    assert find(written) is None
    assert nearest(written) == near


def test_all_modules_load() -> None:
    """Every module of egc but the commands can be imported, so the catalogue is complete."""
    load_all_rules()
    assert list(RULES) == [rule.code for rule in RULES.values()]


def test_rules_of_lazy_modules(tmp_path: Path, rules: dict[str, Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of modules that nobody imported are found, at any depth; the commands are not touched."""
    declare = "from egc.diagnostics import Rule, Severity\nRule({!r}, Severity.NOTE, 't', '')\n"
    for name, code in {"one": "EGC9001", "deep/two": "EGC9002", "cli/three": "EGC9003", "__main__": "EGC9004"}.items():
        module = tmp_path / "lazy" / f"{name}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text(declare.format(code))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(explain, "_PACKAGE", "lazy")
    load_all_rules()
    assert sorted(rules) == ["EGC9001", "EGC9002"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazy"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("hostname", ["hostnames", "port"], "hostnames"),
        ("HOSTNAMES", ["port", "hostnames"], "hostnames"),
        ("backend_refs", ["backendRefs", "filters"], "backendRefs"),
        ("xyz", ["hostnames", "port"], None),
        ("x", [], None),
    ],
)
def test_suggest(word: str, known: list[str], near: str | None) -> None:
    """The nearest known word is suggested regardless of case, or none."""
    assert suggest(word, known) == near


def test_suggest_does_not_depend_on_order() -> None:
    """Equally near words give the same suggestion in any order."""
    assert suggest("part", ["port", "pert"]) == suggest("part", ["pert", "port"])
    assert suggest("PORT", ["Port", "port"]) == suggest("PORT", ["port", "Port"]) == "Port"


def test_did_you_mean() -> None:
    """A suggestion is a question, and none is nothing."""
    assert did_you_mean("hostname", {"hostnames"}) == 'did you mean "hostnames"?'
    assert did_you_mean("xyz", {"hostnames"}) == ""
