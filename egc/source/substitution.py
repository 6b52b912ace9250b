"""Variables in YAML: ``${NAME}``, ``${NAME:-default}``, and ``$$`` for a dollar sign."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Protocol

from egc.diagnostics import Located, Rule, Severity, did_you_mean

UNDEFINED_VARIABLE = Rule(
    code="EGC1020",
    severity=Severity.ERROR,
    title="variable is not set",
    explanation="""
        With `--set`, `--env-file` or `--env`, `${NAME}` in any value or key is replaced by the value of that variable.
        A name that nobody set is an error rather than an empty text. Give it a value, or a default to be used where it
        is unset or empty. To write a dollar sign before a brace, double it.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata:
          name: ${NAMESPACE:-shop}
          annotations: {literally: "$${NAMESPACE}"}
        ```
        """,
)
MALFORMED_VARIABLE = Rule(
    code="EGC1021",
    severity=Severity.ERROR,
    title="variable is written wrongly",
    explanation="""
        `${` begins a variable: `${NAME}` or `${NAME:-default}`. A name has letters, digits and underscores and does not
        begin with a digit. A default is plain text up to the closing brace and holds no variable of its own.

        ```yaml
        apiVersion: v1
        kind: Namespace
        metadata: {name: "${NAME-SPACE}"}
        ```
        """,
    help="write ${NAME} or ${NAME:-default}; for the text ${ itself, write $${",
)

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_DOLLAR = re.compile(r"\$\$|\$\{(?P<body>[^}]*)(?P<end>\}?)")
_BODY = re.compile(rf"(?P<name>{_NAME})(?::-(?P<default>.*))?", re.DOTALL)


class Reporter(Protocol):
    """Where problems go: a `Sink`, or what stands before one."""

    def report(self, rule: Rule, at: Located, message: str, *, help: str = "") -> None:
        """Record one problem."""
        ...


@dataclass(frozen=True)
class Substitution:
    """The variables of a build: those that were given, and behind them the environment (None: not to be used)."""

    values: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    _hints: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def expand(self, text: str, at: Located, reporter: Reporter) -> str:
        """*text* with its variables replaced, once; a variable that is wrong is reported and stays as it is."""

        def value(found: re.Match[str]) -> str:
            if found["body"] is None:
                return "$"
            return self._value(found, at, reporter)

        return _DOLLAR.sub(value, text)

    def _value(self, found: re.Match[str], at: Located, reporter: Reporter) -> str:
        body = _BODY.fullmatch(found["body"])
        if not found["end"]:
            reporter.report(MALFORMED_VARIABLE, at, '"${" is not closed by "}"')
        elif body is None:
            reporter.report(MALFORMED_VARIABLE, at, f'"{shorten(found[0], 60)}" is not a variable')
        elif "${" in (body["default"] or ""):
            reporter.report(MALFORMED_VARIABLE, at, f'the default of "{body["name"]}" holds another variable')
        elif value := self._lookup(body["name"]):
            return value
        elif body["default"] is not None:
            return body["default"].replace("$$", "$")
        elif value is not None:
            return value
        else:
            self._report_undefined(body["name"], at, reporter)
        return found[0]

    def _lookup(self, name: str) -> str | None:
        if name in self.values:
            return self.values[name]
        return (self.environment or {}).get(name)

    def _report_undefined(self, name: str, at: Located, reporter: Reporter) -> None:
        if name not in self._hints:  # the search is slow, and one missing name may stand in thousands of documents
            near = did_you_mean(name, {*self.values, *(self.environment or ())})
            hint = f"set it with --set {name}=…, or give it a default: ${{{name}:-…}}"
            self._hints[name] = f"{near} If not, {hint}" if near else hint
        reporter.report(UNDEFINED_VARIABLE, at, f'"{name}" is not set', help=self._hints[name])
