"""The repository keeps its own rules: layers, sizes, names, and reasons for exceptions."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    *("diagnostics", "source", "kube", "gatewayapi", "profile", "envoygateway", "plan", "envoy", "features"),
    *("emit", "listing", "artifacts", "pictures", "options", "compiler", "cli", "__main__"),
)
"""A module imports from its own layer and those before it, so that each can be understood without what follows."""

LONGEST_FILE, LONGEST_FUNCTION = 300, 50
VAGUE = {"common", "helper", "helpers", "misc", "util", "utils"}

# The brackets keep these expressions from matching themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")
PRIVATE = re.compile(r"(?<![\w.])/(wor[k]/|roo[t]/\.)|\bshared/prototype[s]")

DIRECTIVE = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore)\b:?(?:\[[\w, -]*\]|[\s,]*\b[A-Z]+[0-9]+\b)*")


@cache
def tracked() -> tuple[Path, ...]:
    """The files of the repository, new ones included, relative to its root."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in sorted(filter(None, listed.split("\0"))) if (ROOT / (path := Path(name))).is_file())


def modules() -> list[Path]:
    """The Python files of the repository."""
    return [path for path in tracked() if path.suffix == ".py"]


@cache
def text(path: Path) -> str:
    """What a file of the repository says; nothing for one that is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of a module."""
    return ast.parse(text(path), str(path))


def imported(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of all that a module of egc imports from egc, wherever and whatever for."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = path.parts[: len(path.parts) - node.level] if node.level else ()
            source = ".".join([*package, *([node.module] if node.module else [])])
            names = [f"{source}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.partition(".")[0] == "egc")


def layer(name: str) -> int:
    """The layer of a dotted name in egc. What egc/__init__.py itself says is below all."""
    part = name.split(".")[1:2]
    return LAYERS.index(part[0]) if part and part[0] in LAYERS else -1


def trespasses(path: Path, module: ast.Module) -> Iterator[str]:
    """Imports from a later layer."""
    own = layer(".".join(path.with_suffix("").parts))
    for line, name in imported(path, module):
        if layer(name) > own:
            yield f"{path}:{line}: {name}"


def long_functions(path: Path, module: ast.Module) -> Iterator[str]:
    """Functions over the limit, decorators not counted."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {lines} lines"


def unexplained(path: Path, source: str) -> Iterator[str]:
    """Comments that silence a checker and do not say why."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and DIRECTIVE.search(token.string):
            reason = DIRECTIVE.sub("", token.string)
            if not re.search(r"\w{2}", reason):
                yield f"{path}:{token.start[0]}: {token.string}"


def matching(expression: re.Pattern[str], path: Path, source: str) -> Iterator[str]:
    """Lines that hold something that must not be there."""
    for number, line in enumerate(source.splitlines(), 1):
        if expression.search(line):
            yield f"{path}:{number}: {line.strip()}"


def nothing(found: Iterable[str]) -> None:
    """Fail with everything that was found."""
    lines = list(found)
    assert not lines, "\n".join(["", *lines])


def test_layers() -> None:
    """A module imports only from its own layer and those before it, for types too."""
    parts = {path.parts[1].removesuffix(".py") for path in modules() if path.parts[0] == "egc"}
    assert parts - {"__init__"} <= set(LAYERS)
    nothing(line for path in modules() if path.parts[0] == "egc" for line in trespasses(path, tree(path)))


def test_length_of_files() -> None:
    """No module is longer than 300 lines."""
    lengths = {path: len(text(path).splitlines()) for path in modules()}
    nothing(f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST_FILE)


def test_length_of_functions() -> None:
    """No function is longer than 50 lines."""
    nothing(line for path in modules() for line in long_functions(path, tree(path)))


def test_docstrings() -> None:
    """Every module says what it is."""
    nothing(str(path) for path in modules() if not ast.get_docstring(tree(path)))


def test_names() -> None:
    """No module is named after nothing in particular."""
    nothing(str(path) for path in modules() if VAGUE & set(path.with_suffix("").parts))


def test_nothing_unfinished() -> None:
    """What is left to do is an issue, not a comment."""
    nothing(line for path in tracked() for line in matching(UNFINISHED, path, text(path)))


def test_nothing_private() -> None:
    """No file speaks of the machine that it was written on."""
    nothing(line for path in tracked() for line in matching(PRIVATE, path, text(path)))


def test_exceptions_are_explained() -> None:
    """A comment that silences a checker says why, on its line."""
    nothing(line for path in modules() for line in unexplained(path, text(path)))


@pytest.mark.parametrize(
    ("path", "source", "count"),
    [
        ("egc/kube/a.py", "from egc.gatewayapi import models", 1),
        ("egc/kube/a.py", "from egc import gatewayapi, source", 1),
        ("egc/kube/a.py", "import egc, egc.cli", 1),
        ("egc/kube/a.py", "from ..gatewayapi import models", 1),
        ("egc/kube/a.py", "from . import model", 0),
        ("egc/kube/a.py", "if TYPE_CHECKING:\n    from egc.plan.model import Plan", 1),
        ("egc/kube/a.py", "def f():\n    from egc.plan.model import Plan", 1),
        ("egc/kube/a.py", "from egc import __version__, diagnostics\nfrom egc.kube.model import Model", 0),
        ("egc/__init__.py", "from egc.diagnostics import Sink", 1),
    ],
)
def test_a_trespass_is_found(path: str, source: str, count: int) -> None:
    """The test of layers sees every way to import."""
    assert len(list(trespasses(Path(path), ast.parse(source)))) == count


@pytest.mark.parametrize(
    ("comment", "count"),
    [
        ("# noqa", 1),
        ("# noqa: PLC0415", 1),
        ("# noqa: PLC0415, S101", 1),
        ("# type: ignore[no-any-return]", 1),
        ("# ruff: noqa: F401", 1),
        ("# noqa: PLC0415 - most sites need it not", 0),
        ("# ruff: noqa: F401  # imports for others", 0),
        ("# type: ignore[assignment]  # messages have no hash", 0),
        ("# type: ignore[assignment, misc]  # noqa: E501", 1),
    ],
)
def test_a_missing_reason_is_found(comment: str, count: int) -> None:
    """The test of exceptions tells a code from a reason."""
    assert len(list(unexplained(Path("a.py"), f"x = 1  {comment}\n"))) == count


def test_a_long_function_is_found() -> None:
    """The test of functions looks into classes and at coroutines."""
    source = "class A:\n    async def f(self):\n" + "        pass\n" * LONGEST_FUNCTION
    assert list(long_functions(Path("a.py"), ast.parse(source))) == ["a.py:2: f has 51 lines"]
    assert not list(long_functions(Path("a.py"), ast.parse(source.removesuffix("        pass\n"))))


@pytest.mark.parametrize(
    ("expression", "line"), [(UNFINISHED, f"# {'todo'.upper()}: later"), (PRIVATE, "see /Work/main".lower())]
)
def test_a_bad_line_is_found(expression: re.Pattern[str], line: str) -> None:
    """The searches of lines find what they look for."""
    assert list(matching(expression, Path("a"), f"fine\n{line}\n")) == [f"a:2: {line}"]
