"""Syntax errors of YAML in words for people."""

import re

import yaml

from egc.diagnostics import Rule, Severity
from egc.source.events import ForbiddenCharacterError
from egc.source.position import Source
from egc.source.problems import Problems

SYNTAX = Rule(
    code="EGC1001",
    severity=Severity.ERROR,
    title="YAML syntax error",
    explanation="""
        The file is not YAML from this place on. The documents before it are read; nothing after it is, so there may be
        more to repair. Where the error shows is often a line or two below its cause.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
         labels: {}
        ```
        """,
)
FORBIDDEN_CHARACTER = Rule(
    code="EGC1002",
    severity=Severity.ERROR,
    title="character that YAML forbids",
    explanation="""
        Control characters and a few others that cannot be seen may not stand in a YAML file, not even in a comment.
        Most often they were pasted from a terminal or a word processor. In double quotes they can be written as
        escapes: `"\\x1b"`.
        """,
    help='delete it, or write it as an escape in double quotes, such as "\\x1b"',
)

# libyaml's words, and ours with a help: what a reader of Kubernetes YAML would call it
_WORDS = {
    "mapping values are not allowed in this context": (
        "a ':' cannot stand here",
        "quote the text if the ':' is part of it; otherwise check the indentation",
    ),
    "did not find expected key": ("expected a key of the mapping, or its end", "check the indentation and the quotes"),
    "did not find expected '-' indicator": (
        "expected an item ('- ') of the list, or its end",
        "check the indentation and the quotes",
    ),
    "did not find expected ',' or ']'": ("expected ',' or ']'", "close the list, or quote the text"),
    "did not find expected ',' or '}'": ("expected ',' or '}'", "close the mapping, or quote the text"),
    "did not find expected node content": ("expected a value", "write the value, or remove what announces it"),
    "did not find expected <document start>": (
        "the document ended before this",
        "begin a further document with '---'; quote a text as a whole",
    ),
    "could not find expected ':'": (
        "a key without its ':'",
        "write the ':', or indent the text that continues a value",
    ),
    "found unexpected end of stream": ("the quotes are not closed", "close the quotes"),
    "found unexpected document indicator": ("the quotes are not closed before the next document", "close the quotes"),
    "found unknown escape character": (
        "no such escape in double quotes",
        "double the backslash, or use single quotes, which know no escapes",
    ),
    "did not find expected comment or line break": (
        "only a comment may follow here",
        "begin the text on the next line",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin the list on the next line; quote a text that begins with '-'",
    ),
}
# Errors to be shown where the matter begins, which libyaml notices only later
_AT_BEGINNING = (
    "found unexpected end of stream",
    "found unexpected document indicator",
    "found unexpected document separator",
    "could not find expected ':'",
)


def report_syntax(error: yaml.YAMLError | ForbiddenCharacterError, source: Source, problems: Problems) -> None:
    """Say where *source* stops being YAML."""
    if isinstance(error, ForbiddenCharacterError):
        name = f"U+{ord(source.text[error.index]):04X}"
        at = source.at(error.index, error.index + 1)
        problems.report(FORBIDDEN_CHARACTER, at, f"the character {name} may not stand in YAML", last=True)
    elif isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        _report_problem(error, error.problem_mark.index, source, problems)
    else:
        problems.report(SYNTAX, source.at(0, 0), "not YAML", last=True)


def ends_nothing(error: yaml.YAMLError | ForbiddenCharacterError) -> bool:
    """Whether *error* says that a document which seemed to have ended goes on."""
    return isinstance(error, yaml.MarkedYAMLError) and "<document start>" in (error.problem or "")


def _report_problem(error: yaml.MarkedYAMLError, index: int, source: Source, problems: Problems) -> None:
    tab = _indenting_tab(source.text, index, error)
    message, help = _words(error, source.text, index) if tab is None else ("a tab cannot indent YAML", "use spaces")
    begin = error.context_mark.index if error.context_mark is not None else index
    related = []
    if tab is not None:
        index = tab
    elif error.problem in _AT_BEGINNING or _is_alias(error):
        index = begin
    elif begin < index:
        related = [(source.at(begin, begin + 1), f"{_opened(error)} begins here")]
    last = max(0, len(source.text.rstrip()) - 1)  # the end of the file shows nothing
    at = source.at(min(index, last), min(index, last) + 1)
    problems.report(SYNTAX, at, message, help=help, related=related, last=True)


def _opened(error: yaml.MarkedYAMLError) -> str:
    """What the parser was reading, in the words of people."""
    name = re.sub("^while (?:parsing|scanning) (?:an? )?(?:block |flow )?", "", error.context or "")
    return "the " + re.sub("^(?:sequence|collection)$", "list", name)


def _is_alias(error: yaml.MarkedYAMLError) -> bool:
    return (error.context or "").endswith("alias")


def _words(error: yaml.MarkedYAMLError, text: str, index: int) -> tuple[str, str]:
    """The message and the help."""
    problem = error.problem or "not YAML"
    if "alias" in (error.context or ""):
        return "a text that begins with '*' must be quoted", 'write it as in "*.example.com"'
    if text[max(0, index - 1) : index + 1] == "${":
        return "a variable cannot stand unquoted inside { } or [ ]", 'quote it: "${NAME}"'
    if problem.startswith("found character"):
        return f"a value cannot begin with {text[index : index + 1]!r}", "quote the value"
    return _WORDS.get(problem, (problem, ""))


def _indenting_tab(text: str, index: int, error: yaml.MarkedYAMLError) -> int | None:
    """The tab that indents the line of the error; between brackets tabs are spaces."""
    if "flow" in (error.context or ""):
        return None
    line = text.rfind("\n", 0, index) + 1
    indent = re.compile("[ \t]*").match(text, line)
    tab = text.find("\t", line, indent.end() if indent else line)
    return tab if tab >= 0 else None
