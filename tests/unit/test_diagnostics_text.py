"""How diagnostics read in a terminal."""

import re

from egc.diagnostics import RULES, Diagnostic, Label, Place, Rule, Severity, Span
from egc.diagnostics.excerpt import Lines
from egc.diagnostics.text import render, summary

ERROR = RULES.pop(Rule("EGC9001", Severity.ERROR, "unknown field", "").code)
WARNING = RULES.pop(Rule("EGC9002", Severity.WARNING, "shadowed rule", "").code)
NOTE = RULES.pop(Rule("EGC9003", Severity.NOTE, "ignored field", "").code)

GATEWAY = """\
kind: Gateway
spec:
  listeners:
    - name: http
      port: 80
      hostname: x
    - name: http
      port: 8080
      protocol: HTTP
      more: 1
      even: 2
"""


def at(line: int, column: int, length: int, *, file: str = "site/gateway.yaml", text: str = GATEWAY) -> Place:
    """A place on one line."""
    return Place(file, text, Span(line, column, line, column + length))


def error(place: Place | None, message: str = "oops", *, help: str = "", related: tuple[Label, ...] = ()) -> Diagnostic:
    """An error there."""
    return Diagnostic(ERROR, Severity.ERROR, message, place, help, related)


def plain(*diagnostics: Diagnostic, width: int = 100) -> list[str]:
    """The lines of the rendering without colours."""
    return render(diagnostics, color=False, width=width).split("\n")


def test_primary() -> None:
    """The line is shown with carets under the span, and the help below."""
    found = error(at(6, 7, 8), 'unknown field "hostname"', help='did you mean "hostnames"?')
    assert plain(found) == [
        'error[EGC9001]: unknown field "hostname"',
        " --> site/gateway.yaml:6:7",
        "  |",
        "6 |       hostname: x",
        "  |       ^^^^^^^^",
        "  |",
        '  = help: did you mean "hostnames"?',
    ]


def test_neighbours_share_an_excerpt() -> None:
    """A label up to five lines away stands in the excerpt of the primary place, with the lines between."""
    found = error(at(7, 13, 4), related=(Label(at(4, 13, 4), "first named here"),))
    assert plain(found)[1:] == [
        " --> site/gateway.yaml:7:13",
        "  |",
        "4 |     - name: http",
        "  |             ---- first named here",
        "5 |       port: 80",
        "6 |       hostname: x",
        "7 |     - name: http",
        "  |             ^^^^",
    ]


def test_five_lines_are_near() -> None:
    """Five lines apart is still near; six is not."""
    near, far = (error(at(10, 7, 4), related=(Label(at(line, 1, 1), "l"),)) for line in (5, 4))
    assert "  ::: site/gateway.yaml:5:1" not in plain(near)
    assert "  ::: site/gateway.yaml:4:1" in plain(far)


def test_distant_and_foreign_labels_have_their_own_excerpt() -> None:
    """Farther lines and other files follow below ``:::``, and all line numbers are aligned."""
    other = at(1, 1, 1, file="b.yaml", text="b: 1")
    found = error(at(10, 7, 4), related=(Label(at(4, 7, 4), "far"), Label(other, "elsewhere")))
    assert plain(found)[1:] == [
        "  --> site/gateway.yaml:10:7",
        "   |",
        "10 |       more: 1",
        "   |       ^^^^",
        "   |",
        "  ::: site/gateway.yaml:4:7",
        "   |",
        " 4 |     - name: http",
        "   |       ---- far",
        "   |",
        "  ::: b.yaml:1:1",
        "   |",
        " 1 | b: 1",
        "   | - elsewhere",
    ]


def test_same_path_with_other_text_is_another_file() -> None:
    """A label into a different text of the same name is not mixed into the excerpt."""
    found = error(at(2, 1, 4), related=(Label(at(1, 1, 1, text="other: text"), "here"),))
    assert plain(found)[-3:] == ["  |", "1 | other: text", "  | - here"]


def test_two_marks_in_one_line() -> None:
    """Each mark of a line has a row of its own, the primary first."""
    found = error(at(5, 13, 2), related=(Label(at(5, 7, 4), "this key"),))
    assert plain(found)[3:] == ["5 |       port: 80", "  |             ^^", "  |       ---- this key"]


def test_several_lines() -> None:
    """A span of several lines is marked to the end of its first line."""
    found = error(Place("a.yaml", "a:  {b: 1,  \n  c: 2}\n", Span(1, 5, 2, 8)))
    assert plain(found)[3:] == ["1 | a:  {b: 1,", "  |     ^^^^^^"]


def test_empty_span() -> None:
    """A position without extent, as at the end of the file, still has one caret."""
    assert plain(error(at(12, 1, 0)))[3:] == ["12 |", "   | ^"]


def test_place_without_span() -> None:
    """A file as a whole is named, without an excerpt."""
    found = error(Place("a.yaml"), help="save it as UTF-8", related=(Label(Place("b.yaml"), "like this one"),))
    assert plain(found)[1:] == [" --> a.yaml", " ::: b.yaml: like this one", "  = help: save it as UTF-8"]


def test_span_outside_the_text() -> None:
    """Where the text has no such line, the place is named and no excerpt is invented."""
    assert plain(error(at(99, 7, 3)))[1:] == ["  --> site/gateway.yaml:99:7"]


def test_no_place() -> None:
    """What happened nowhere has a headline and its help."""
    assert plain(error(None, "no input", help="name a file")) == ["error[EGC9001]: no input", "  = help: name a file"]


def test_help_of_several_lines() -> None:
    """Further lines of help stand below its first."""
    assert plain(error(None, help="one\ntwo"))[1:] == ["  = help: one", "          two"]


def test_message_of_several_lines() -> None:
    """Further lines of a message are indented, so they cannot pass for another diagnostic."""
    assert plain(error(None, "one\nerror[EGC0000]: two")) == ["error[EGC9001]: one", "  error[EGC0000]: two"]


def test_long_line_is_cropped_around_the_span() -> None:
    """A line wider than the terminal shows the surroundings of the span between ellipses."""
    text = "a" * 80 + " needle " + "b" * 80
    line, marks = plain(error(at(1, 82, 6, text=text)), width=44)[3:]
    assert line == "1 | …aaaaaaaaaaa needle bbbbbbbbbbbbbbbbbbb…"
    assert marks == "  |              ^^^^^^"
    assert len(line) == 44


def test_end_of_a_long_line() -> None:
    """A span at the end of a long line has the whole width before it."""
    line, marks = plain(error(at(1, 101, 3, text="a" * 100 + "end")), width=34)[3:]
    assert line == "1 | …" + "a" * 25 + "end"
    assert marks == "  |  " + " " * 25 + "^^^"


def test_long_span_ends_in_the_ellipsis() -> None:
    """A span that does not fit is marked up to and with the ellipsis."""
    line, marks = plain(error(at(1, 4, 200, text="k: " + "v" * 200)), width=30)[3:]
    assert line == "1 | k: " + "v" * 21 + "…"
    assert marks == "  |    " + "^" * 22


def test_context_line_is_cropped_at_its_end() -> None:
    """A long line between two marks shows its beginning."""
    text = "a: 1\nb: " + "x" * 200 + "\nc: 3"
    found = error(at(3, 1, 1, text=text), related=(Label(at(1, 1, 1, text=text), "here"),))
    assert "2 | b: " + "x" * 21 + "…" in plain(found, width=30)


def test_mark_that_is_cropped_away_points_at_the_ellipsis() -> None:
    """A label far off in the same long line points at what stands in its stead."""
    text = "a: " + "x" * 200
    found = error(at(1, 150, 1, text=text), related=(Label(at(1, 1, 1, text=text), "key"),))
    line, _, label = plain(found, width=40)[3:]
    assert line.startswith("1 | …")
    assert label == "  | - key"


def test_tabs_and_wide_characters() -> None:
    """The caret is below the text it means, whatever stands before it."""
    text = "\t日本e\u0301: name"
    line, marks = plain(error(at(1, 8, 4, text=text)))[3:]
    assert line == "1 |     日本e\u0301: name"
    assert marks == "  |            ^^^^"


def test_wide_span() -> None:
    """A wide character has two carets."""
    assert plain(error(at(1, 1, 2, text="日本: x")))[-1] == "  | ^^^^"


def test_hostile_text() -> None:
    """Nothing that a terminal obeys or hides gets through, wherever it comes from."""
    evil = "\x1b[2J\u202e\x00\x9b\xa0\r"
    label = Label(at(1, 1, 1, text="x"), evil)
    text = render([error(at(1, 3, 1, file=evil, text=evil), evil, help=evil, related=(label,))], color=False)
    assert text.replace("\n", "").isprintable()
    assert text.count(r"\x1b[2J\u202e\x00\x9b\xa0") == 5


def test_every_line_end_of_yaml_counts() -> None:
    """CR, CRLF, NEL and the Unicode separators end a line, as they do for the YAML reader."""
    assert plain(error(at(6, 1, 1, text="a\r\nb\rc\x85d\u2028e\u2029f")))[3:] == ["6 | f", "  | ^"]


def test_colors() -> None:
    """Errors are red, warnings yellow, notes and labels blue, margins cyan."""
    lines = render([error(at(4, 7, 4), help="h", related=(Label(at(5, 7, 4), "l"),))], color=True).split("\n")
    assert lines[0] == "\x1b[31m\x1b[1merror[EGC9001]\x1b[0m\x1b[1m: oops\x1b[0m"
    assert lines[1] == " \x1b[36m-->\x1b[0m site/gateway.yaml:4:7"
    assert lines[3] == "\x1b[36m4 |\x1b[0m     - name: http"
    assert lines[4] == "  \x1b[36m|\x1b[0m       \x1b[31m\x1b[1m^^^^\x1b[0m"
    assert lines[6] == "  \x1b[36m|\x1b[0m       \x1b[34m\x1b[1m---- l\x1b[0m"
    assert render([Diagnostic(WARNING, Severity.WARNING, "w")], color=True).startswith("\x1b[33m\x1b[1mwarning")
    assert render([Diagnostic(NOTE, Severity.NOTE, "n")], color=True).startswith("\x1b[34m\x1b[1mnote")


def test_color_changes_nothing_else() -> None:
    """Without its colours the coloured text is the plain one."""
    found = [error(at(4, 7, 4), "a\nb", help="c\nd", related=(Label(at(9, 7, 4), "l"),)), error(at(12, 1, 0))]
    assert re.sub(r"\x1b\[\d+m", "", render(found, color=True)) == render(found, color=False)


def test_several_diagnostics() -> None:
    """A blank line separates diagnostics, and their order is kept."""
    assert plain(error(None, "b"), error(None, "a")) == ["error[EGC9001]: b", "", "error[EGC9001]: a"]
    assert render([], color=False) == ""


def test_lines_are_split_once() -> None:
    """However many diagnostics point into a text, its lines are found once."""
    lines = Lines()
    assert lines.of("a\nb") is lines.of("a\nb")


def test_summary() -> None:
    """The summary counts by severity, in words that fit the number."""
    found = [error(None), Diagnostic(WARNING, Severity.WARNING, "w"), error(None)]
    assert summary(found) == "2 errors, 1 warning"
    assert summary([Diagnostic(NOTE, Severity.NOTE, "n")]) == "1 note"
    assert summary([]) == ""
