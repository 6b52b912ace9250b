"""Files of variables."""

from pathlib import Path

import pytest

from egc.diagnostics import Sink
from egc.diagnostics.text import render
from egc.source import read_env_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An env file to be written."""
    return tmp_path / "site.env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A=b  ", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A= # c", ""),
        ("A=b c", "b c"),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A=#b", "#b"),
        ("A=b=c", "b=c"),
        ("A=$B", "$B"),
        ("A=it's", "it's"),
        ("A=\\n", "\\n"),
        ("A='b # c'", "b # c"),
        ("A='b \\n $c \"d\"' # e", 'b \\n $c "d"'),
        ("A=''", ""),
        ('A="b # c"', "b # c"),
        ('A="b\\n\\"c\\" \\$d \\\\ \\e"', 'b\n"c" $d \\ \\e'),
        ('A=""  ', ""),
        ("A=é\u2028😀", "é\u2028😀"),
    ],
)
def test_value(file: Path, line: str, value: str) -> None:
    """A value is what stands after the equals sign, or between its quotes."""
    sink = Sink()
    file.write_text(line, encoding="utf-8")
    assert read_env_file(str(file), sink) == {"A": value}
    assert not sink.found


def test_file(file: Path) -> None:
    """Comments and empty lines count for nothing, lines may end as on Windows, and the later of two values counts."""
    sink = Sink()
    file.write_bytes(b"\xef\xbb\xbfA=1\r\n# c\r\n\r\n  # c\nB_2=x\nA=3\n")
    assert read_env_file(str(file), sink) == {"A": "3", "B_2": "x"}
    assert not sink.found


def test_bad_lines(file: Path) -> None:
    """A line that says nothing is reported at its place; the others count."""
    sink = Sink()
    file.write_text("A=1\nB\n1C=2\n=x\nD E=3\n  F='a' b\nG = 1\nH=4\n", encoding="utf-8")
    assert read_env_file(str(file), sink) == {"A": "1", "H": "4"}
    found = [
        (d.rule.code, d.place.span.line, d.place.span.column, d.message)
        for d in sink.sorted()
        if d.place and d.place.span
    ]
    assert found == [
        ("EGC1022", 2, 1, "expected NAME=value"),
        ("EGC1022", 3, 1, "expected NAME=value"),
        ("EGC1022", 4, 1, "expected NAME=value"),
        ("EGC1022", 5, 1, "expected NAME=value"),
        ("EGC1022", 6, 5, "text after the closing quote"),
        ("EGC1022", 7, 1, "expected NAME=value"),
    ]


def test_unclosed_quotes(file: Path) -> None:
    """What may be the rest of a value over several lines is not taken for lines of its own."""
    sink = Sink()
    file.write_text('A=1\nKEY="-----BEGIN\nMIIE=\nabc/d\n-----END"\nB=2\n', encoding="utf-8")
    assert read_env_file(str(file), sink) == {"A": "1"}
    assert [d.message for d in sink.found] == ["the quotes are not closed on this line"]


def test_secrets_do_not_show(file: Path) -> None:
    """A diagnostic shows the name at most: what else stands in the file may be secret."""
    sink = Sink()
    file.write_text("PASSWORD hunter2\nTOKEN='hunter2\nX=hunter2\n", encoding="utf-8")
    read_env_file(str(file), sink)
    shown = render(sink.sorted(), color=False)
    assert len(sink.found) == 2 and "TOKEN=*" in shown
    assert "hunter2" not in shown and not any(d.place and "hunter2" in d.place.text for d in sink.found)


def test_no_file(file: Path) -> None:
    """A file that is not there is reported as any other, and an empty one is fine."""
    sink = Sink()
    assert read_env_file(str(file), sink) == {}
    assert [d.rule.code for d in sink.found] == ["EGC0001"]
    file.touch()
    assert read_env_file(str(file), other := Sink()) == {}
    assert not other.found
