"""Files of variables: ``NAME=value`` lines."""

import re

from egc.diagnostics import Rule, Severity, Sink
from egc.source.files import read_text
from egc.source.position import Source

BAD_LINE = Rule(
    code="EGC1022",
    severity=Severity.ERROR,
    title="line of an env file is not NAME=value",
    explanation="""
        A line of an env file is `NAME=value`, with or without `export` before it, or a comment that begins with `#`. A
        value ends on its line. It may stand in single quotes, between which every character is itself, or in double
        quotes, between which `\\"`, `\\$`, `\\\\` and `\\n` (a line break) are escapes. Without quotes, a space and `#`
        begin a comment. Values may be secret, so they are shown as asterisks.

        ```sh
        export DOMAIN=example.com
        GREETING="say \\"hello\\""   # a comment
        ```
        """,
    help="write NAME=value, one to a line",
)

_LINE = re.compile(r"[^\r\n]+")
_SKIPPED = re.compile(r"\s*(?:#.*)?")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_QUOTED = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)\"""")
_COMMENT = re.compile(r"\s+#.*")
_ESCAPE = re.compile(r'\\(["$\\n])')


def read_env_file(path: str, sink: Sink) -> dict[str, str]:
    """The variables of the file *path*; of two lines with one name the later counts. A bad line goes to *sink*."""
    text = read_text(path, sink) or ""
    variables: dict[str, str] = {}
    for line in _LINE.finditer(text):
        if _SKIPPED.fullmatch(line[0]):
            continue
        assignment = _ASSIGNMENT.match(line[0])
        if assignment is None:
            _report(path, text, line, 0, "expected NAME=value", sink)
            continue
        rest = line[0][assignment.end() :]
        value = rest.strip()
        quoted = _QUOTED.match(value)
        if quoted is None and value.startswith(("'", '"')):
            _report(path, text, line, assignment.end(), "the quotes are not closed on this line", sink)
            break  # what follows is most likely the rest of the value
        if quoted is not None and not _SKIPPED.fullmatch(value, quoted.end()):
            _report(path, text, line, assignment.end(), "text after the closing quote", sink)
            continue
        variables[assignment["name"]] = _unquoted(quoted) if quoted else _COMMENT.sub("", rest).strip()
    return variables


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted["single"] is not None:
        return quoted["single"]
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], quoted["double"])


def _report(path: str, text: str, line: re.Match[str], known: int, message: str, sink: Sink) -> None:
    """Report *line*; whatever is not one of its first *known* characters may be secret."""
    shown = re.sub(r"\S", "*", text)
    start = line.start() + known
    shown = shown[: line.start()] + text[line.start() : start] + shown[start:]
    sink.report(BAD_LINE, Source(path, shown).place(start, line.end()), message)
