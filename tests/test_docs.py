"""The documentation is true: its examples run, its links lead somewhere, its generated parts are current."""

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from egc.diagnostics import Sink
from egc.diagnostics.text import render
from egc.profile import load_profile
from tests import generated_docs
from tests.generated_docs import ROOT
from tests.pages import Command, Fence, PageError, Reader, agrees, changed, commands, fences

PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in generated_docs.pages()}
RUNNING = [name for name, page in PAGES.items() if any(fence.language == "console" for fence in fences(page))]
CONTRIBUTING = "docs/contributing.md"

PORTS = ("5432", "5433", "5434", "5353", "5354", "8080", "8443", "9000", "9001", "9002", "9443", "19000", "19001")
"""The ports that the pages use; other tests may use them at the same time, so others are taken."""

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def ports() -> dict[str, str]:
    """A free port instead of each of PORTS."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PORTS]
        return {port: str(server.getsockname()[1]) for port, server in zip(PORTS, found, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RUNNING if name != CONTRIBUTING])
def test_examples(name: str, ports: dict[str, str], tmp_path: Path) -> None:
    """A reader who does what the page says gets what the page shows."""
    for program in ("curl", "openssl"):
        if re.search(rf"^\$ {program}", PAGES[name], re.MULTILINE) and shutil.which(program) is None:
            pytest.skip(f"THE EXAMPLES OF {name} ARE NOT TESTED: no {program}")
    with Reader(tmp_path, ports) as reader:
        reader.follow(PAGES[name])


@pytest.mark.slow
def test_worked_examples(tmp_path: Path) -> None:
    """A new filter, a new field and a new diagnostic take just the changes that are shown, and these are clean."""
    for folder in ("egc", "hooks", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with Reader(tmp_path, environment={"PYTHONPATH": str(tmp_path)}) as reader:
        reader.follow(PAGES[CONTRIBUTING])
    ruff = Path(sys.executable).with_name("ruff")
    touched = {fence.name for fence in fences(PAGES[CONTRIBUTING]) if fence.language in ("diff", "python")}
    for check in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        subprocess.run([ruff, *check, *sorted(filter(None, touched))], cwd=tmp_path, check=True)


@pytest.mark.parametrize("name", PAGES)
def test_generated_parts(name: str) -> None:
    """What the code says, the page says. If not: make docs."""
    assert generated_docs.current(PAGES[name]) == PAGES[name]


def test_each_part_is_used() -> None:
    """Every part that can be generated stands in one page."""
    used = [part for page in PAGES.values() for part in generated_docs.parts(page)]
    assert sorted(used) == sorted(generated_docs.PARTS)


@pytest.mark.parametrize("name", PAGES)
def test_links(name: str) -> None:
    """A link within the documentation leads to a file and, where it says so, to a heading in it."""
    broken = []
    for link in LINK.findall(BLOCK.sub("", PAGES[name])):
        path, _, heading = link.partition("#")
        target = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        if "://" in path:
            continue
        if not target.exists() or (heading and heading not in headings(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def headings(page: str) -> set[str]:
    """The headings of a page as links name them."""
    found = HEADING.findall(BLOCK.sub("", page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_each_page_is_found() -> None:
    """The README leads to every page."""
    linked = set(LINK.findall(PAGES["README.md"]))
    assert {name for name in PAGES if name != "README.md"} - linked == set()


def snippets(language: str) -> Iterator[tuple[str, Fence]]:
    """The fenced blocks of a language, with the names of their pages."""
    return ((name, fence) for name, page in PAGES.items() for fence in fences(page) if fence.language == language)


@pytest.mark.parametrize(
    ("name", "fence"), [pytest.param(name, fence, id=f"{name}:{fence.line}") for name, fence in snippets("yaml")]
)
def test_yaml(name: str, fence: Fence, tmp_path: Path) -> None:
    """YAML is YAML, and on the page of the host profile, or by the name of its file, it is a host profile."""
    list(yaml.safe_load_all(fence.text))
    if name == "docs/profile.md" or fence.name == "egc.yaml":
        file = tmp_path / "egc.yaml"
        file.write_text(fence.content)
        sink = Sink()
        load_profile(str(file), sink)
        assert render(sink.sorted(), color=False) == ""


def test_blocks_are_closed() -> None:
    """Every fence is one that the tests see."""
    for name, page in PAGES.items():
        assert page.count("```") == 2 * len(list(fences(page))) + page.count("+        ```"), name


def test_commands() -> None:
    """A console block is commands, continued or not, each with what it prints."""
    assert list(commands("$ one\n1\n\n2\n$ two \\\n>   more\n> end\n$ three\n...\n")) == [
        Command("one\n", "1\n\n2\n"),
        Command("two \\\n  more\nend\n", ""),
        Command("three\n", "...\n"),
    ]


@pytest.mark.parametrize(
    ("expected", "printed", "agreed"),
    [
        ("", "", True),
        ("", "more\n", False),
        ("one\n", "", False),
        ("one\n", "One\n", False),
        ("one\n...\nthree\n", "one\n2\n2\nthree\n", True),
        ("one\n...\nthree\n", "one\nthree\n", True),
        ("one\n...\nthree\n", "one\n2\nthree\n4\n", False),
        ("...\n", "anything\n", True),
        ("done in 0.21 s\n", "done in 13.05 s\n", True),
        ("2026-11-21T16:00:00Z 9 ms\n", "2026-11-22T04:11:59Z 148 ms\n", True),
        ("2026-11-21 16:00 UTC\n", "2026-11-22 04:11 UTC\n", True),
        ("2026-12-21 (29 days)\n", "2026-12-22 (29 days)\n", True),
        ("2026-12-21 (29 days)\n", "2026-12-22 (28 days)\n", False),
        ("1c69e6dd8815, process 1\n", "d292c9590b04, process 12\n", True),
        ("1c69e6dd8815, process 1\n", "d292c9590b0, process 12\n", False),
        ("a.b\n", "axb\n", False),
    ],
)
def test_agreement(*, expected: str, printed: str, agreed: bool) -> None:
    """Output is compared line by line; only times, processes and digests vary, and three dots are any lines."""
    assert agrees(expected, printed) is agreed


def test_a_change_fits_once() -> None:
    """A change is applied where its old lines stand, if that is one place."""
    text = "a\nb\n\nc\nb\n"
    assert changed(text, " a\n-b\n+B\n@@\n c\n+d\n") == "a\nB\n\nc\nd\nb\n"
    assert changed(text, "-b\n\n-c\n+x\n") == "a\n\nx\nb\n"
    for change in ("-b\n", "-z\n", " a\n-c\n"):
        with pytest.raises(PageError):
            changed(text, change)


@pytest.mark.parametrize(
    "session",
    [
        "$ echo a\nb\n",
        "$ echo a\n",
        "$ false\n",
        "$ false\n$ echo again $?\nagain 1\n",
        "$ exit\n",
        "$ echo a >&2\n",
        "$ false\n$ echo $?\n0\n",
    ],
)
def test_a_lie_is_found(session: str, tmp_path: Path) -> None:
    """Other output, a hidden failure and a shell that ends are found."""
    with Reader(tmp_path) as reader, pytest.raises(PageError):
        reader.follow(f"```console\n{session}```\n")


def test_a_page_is_one_session(tmp_path: Path) -> None:
    """Folder, variables and background jobs last from block to block; files are made where the reader stands."""
    page = (
        "```console\n$ mkdir sub\n$ cd sub; name=x\n$ sleep 60 &\n```\n"
        "<!--\n```yaml\n# file: deep/a.txt\none\n```\n-->\n"
        "```diff\n# file: deep/a.txt\n-one\n+two\n```\n"
        "```console\n$ cat deep/a.txt; echo $name\ntwo\nx\n$ kill $!\n$ cat\n$ (exit 3)\n$ echo $?\n3\n```\n"
    )
    with Reader(tmp_path) as reader:
        reader.follow(page)
    assert (tmp_path / "sub" / "deep" / "a.txt").read_text() == "two\n"
