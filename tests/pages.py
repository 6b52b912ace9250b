"""Markdown pages whose examples run.

A fenced block whose first line is ``# file: NAME`` is that file; the line itself is no part of it. In a ``diff`` block
the rest are changes to the file, with ``@@`` between them: lines that begin with ``-`` or a blank are looked for, and
those that begin with ``+`` or a blank replace them.

A ``console`` block is a shell session: ``$ `` begins a command, ``> `` continues it, and what follows is what it prints
on both streams, where a line ``...`` stands for any number of lines. A command that fails has ``$ echo $?`` after it.
Files are made and commands are run in the order of the page, in one shell.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# file: (\S+)\n")
_COMMAND = re.compile(r"^\$ ", re.MULTILINE)
_ANY_LINES = r"(?:[^\n]*\n)*?"

# What is different in every run.
_VARYING = {
    re.compile(r"\bin \d+\.\d\d s\b"): "in 0.00 s",
    re.compile(r"\b\d+ ms\b"): "0 ms",
    re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ| UTC)"): "2000-01-01 00:00 UTC",
    re.compile(r"\b\d{4}-\d\d-\d\d\b"): "2000-01-01",
    re.compile(r"\bprocess \d+\b"): "process 1",
    re.compile(r"\b[0-9a-f]{64}\b"): "0" * 64,
    re.compile(r"\b[0-9a-f]{12}\b"): "0" * 12,
}

_END = "\x1e"  # stands for the end of a command's output
_PATIENCE = 120.0
"""Seconds until the shell of a page is killed."""


class PageError(Exception):
    """An example does not do what its page says."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block; ``line`` is that of its text, from 1."""

    language: str
    text: str
    line: int

    @property
    def name(self) -> str | None:
        """The file that the block is, or changes."""
        found = _NAME.match(self.text)
        return found[1] if found else None

    @property
    def content(self) -> str:
        """The text without the file's name."""
        return _NAME.sub("", self.text, count=1)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what it prints."""

    text: str
    output: str


def fences(page: str) -> Iterator[Fence]:
    """The fenced blocks of a page; those in comments, which readers do not see, too."""
    for found in _FENCE.finditer(page):
        yield Fence(found["language"], found["text"], page.count("\n", 0, found.start("text")) + 1)


def commands(session: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in _COMMAND.split(session)[1:]:
        lines = part.splitlines(keepends=True)
        count = next((i for i, line in enumerate(lines) if i and not line.startswith("> ")), len(lines))
        yield Command("".join([lines[0], *(line[2:] for line in lines[1:count])]), "".join(lines[count:]))


def agrees(expected: str, printed: str) -> bool:
    """Whether a command printed what its page says."""
    lines = _steady(expected).splitlines(keepends=True)
    pattern = "".join(_ANY_LINES if line == "...\n" else re.escape(line) for line in lines)
    return re.fullmatch(pattern, _steady(printed)) is not None


def changed(text: str, changes: str) -> str:
    """*text* with the changes of a diff block. PageError if one does not fit in exactly one place."""
    for change in changes.split("@@\n"):
        lines = [(line[:1], line[1:] or "\n") for line in change.splitlines(keepends=True)]
        old = "".join(line for sign, line in lines if sign != "+")
        new = "".join(line for sign, line in lines if sign != "-")
        if (count := text.count(old)) != 1:
            raise PageError(f"the lines to be changed are there {count} times:\n{old}")
        text = text.replace(old, new)
    return text


def _steady(text: str) -> str:
    for expression, replacement in _VARYING.items():
        text = expression.sub(replacement, text)
    return text


@dataclass
class Reader:
    """Follows a page in *folder*, in one shell; ``ports`` are used instead of those that the page names."""

    folder: Path
    ports: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self._environment(),
            start_new_session=True,  # a group to be killed with all that it started
        )
        self._watch = threading.Timer(_PATIENCE, self._kill)
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._watch.cancel()
        self._kill()
        with self._shell:
            pass

    def follow(self, page: str) -> None:
        """Make the files and run the commands of a page. PageError if one differs."""
        for fence in fences(page):
            try:
                self._follow(Fence(fence.language, self._with_ports(fence.text), fence.line))
            except (PageError, OSError) as error:
                raise PageError(f"line {fence.line}: {error}") from error

    def _follow(self, fence: Fence) -> None:
        if fence.name is not None:
            file = self.folder / fence.name
            file.parent.mkdir(parents=True, exist_ok=True)
            change = fence.language == "diff"
            file.write_text(changed(file.read_text(), fence.content) if change else fence.content)
        elif fence.language == "console":
            self._run(list(commands(fence.text)))

    def _run(self, session: list[Command]) -> None:
        for i, command in enumerate(session):
            printed, status = self._ask(command.text)
            told = i + 1 < len(session) and session[i + 1].text == "echo $?\n"
            if status and not told:
                raise PageError(f"$ {command.text}failed with status {status}:\n{printed}")
            if not agrees(command.output, printed):
                raise PageError(f"$ {command.text}printed\n{printed}\ninstead of\n{command.output}")

    def _ask(self, command: str) -> tuple[str, int]:
        """What a command prints, and its status."""
        into, out = _streams(self._shell)
        into.write(f"{{\n{command}}} </dev/null\n")
        into.write("_status=$?; printf '\\036%d %s\\n' $_status \"$PWD\"; (exit $_status)\n")
        into.flush()
        printed = ""
        for line in out:
            text, end, told = line.partition(_END)
            printed += text
            if end:
                status, _, folder = told.rstrip("\n").partition(" ")
                self.folder = Path(folder)
                return printed, int(status)
        raise PageError(f"$ {command}ended the shell:\n{printed}")

    def _kill(self) -> None:
        if self._shell.returncode is None:  # not waited for yet, so the number is still that of our group
            os.killpg(self._shell.pid, signal.SIGKILL)

    def _with_ports(self, text: str) -> str:
        return re.sub(r"\b\d{4,5}\b", lambda found: self.ports.get(found[0], found[0]), text)

    def _environment(self) -> dict[str, str]:
        """That of a reader who has just installed egc. A machine may run many Envoys, so each has an id of its own."""
        programs = self.folder / ".programs"
        programs.mkdir()
        envoy = programs / "envoy"
        beside = Path(sys.executable).parent
        own = '*" --base-id "*|*" --hot-restart-version "*) ;;'  # who knows what it shares its memory with
        given = f'case " $* " in {own} *) set -- --use-dynamic-base-id --concurrency 1 "$@" ;; esac'
        envoy.write_text(f'#!/bin/sh\n{given}\nexec {beside}/envoy "$@"\n')
        envoy.chmod(0o755)
        path = f"{programs}:{beside}:{os.environ['PATH']}"
        plain = {"PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "80"}
        return {**os.environ, **plain, **self.environment}


def _streams(shell: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if shell.stdin is None or shell.stdout is None:
        raise TypeError("the shell has no pipes")
    return shell.stdin, shell.stdout
