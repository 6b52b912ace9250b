"""Files, folders and standard input as texts, and every way in which they fail."""

import inspect
import os
import sys
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest

from egc.diagnostics import Sink
from egc.source import Text, files, read, read_paths


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a folder of its own as the current one."""
    monkeypatch.chdir(tmp_path)


def write(contents: Mapping[str, str | bytes]) -> None:
    """Write files, with their folders."""
    for name, content in contents.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def get(paths: Sequence[str], stdin: bytes = b"") -> tuple[list[str], list[str]]:
    """The names of what was read, and code, file, line and message of what was not."""
    sink = Sink()
    texts = read_paths(paths, BytesIO(stdin), sink)
    found = []
    for d in sink.sorted():
        assert d.place is not None
        line = f":{d.place.span.line}:{d.place.span.column}" if d.place.span else ""
        found.append(f"{d.rule.code} {d.place.file}{line} {d.message}")
    return [text.file for text in texts], found


def test_file() -> None:
    """A file is read whatever it is called, without its byte order mark."""
    write({"a.conf": "a: é\r\n", "b.yaml": b"\xef\xbb\xbfb: 1\n"})
    sink = Sink()
    assert read_paths(["b.yaml", "a.conf"], BytesIO(), sink) == [Text("b.yaml", "b: 1\n"), Text("a.conf", "a: é\r\n")]
    assert not sink.found


def test_folder() -> None:
    """A folder gives its YAML and that below it, sorted, without what is hidden."""
    names = ["b.yaml", "a.yml", "c.json", "sub/a.yaml", "sub/sub.yaml/x.yaml", "a-b/x.yml"]
    skipped = ["README.md", "x.yaml.bak", "yaml", ".hidden.yaml", ".git/x.yaml", "sub/..data/x.yaml"]
    write(dict.fromkeys([f"site/{name}" for name in names + skipped], "a: 1"))
    assert get(["site"]) == (sorted(f"site/{name}" for name in names), [])


@pytest.mark.parametrize(
    ("manifest", "read"), [('{"egc": "1"}', 1), ('{"name": "shop"}', 3), ("{", 3), ("[" * 9999, 3)]
)
def test_bundle_in_a_folder(manifest: str, read: int) -> None:
    """What egc has written is no input; a manifest of other programs makes no difference."""
    write({"site/a.yaml": "a: 1", "site/dist/envoy.yaml": "a: 1", "site/dist/manifest.json": manifest})
    names, problems = get(["site"])
    assert (len(names), problems) == (read, [])


@pytest.mark.parametrize("root", ["site", "site/", "./site", "../{here}/site", "{tmp}/site", "site/../site"])
def test_names(root: str, tmp_path: Path) -> None:
    """A file is called as the user wrote its folder."""
    write({"site/sub/a.yaml": "a: 1"})
    written = root.format(here=tmp_path.name, tmp=tmp_path)
    assert get([written]) == ([f"{written.rstrip('/')}/sub/a.yaml"], [])


def test_hidden_by_name() -> None:
    """What is hidden is read where the user names it."""
    write({".site/.a.yaml": "a: 1", ".site/b.yaml": "a: 1"})
    assert get([".site", ".site/.a.yaml"]) == ([".site/b.yaml", ".site/.a.yaml"], [])


def test_once() -> None:
    """A file is read once, by the name by which it is reached first."""
    write({"a/x.yaml": "a: 1", "a/b/y.yaml": "a: 1"})
    Path("link.yaml").symlink_to("a/x.yaml")
    Path("a/z.yaml").symlink_to("x.yaml")
    Path("other").symlink_to("a")
    given = ["a/b", "link.yaml", "a", "./a/x.yaml", "other", str(Path("a").absolute()), "a/b/y.yaml"]
    assert get(given) == (["a/b/y.yaml", "link.yaml"], [])


def test_links() -> None:
    """Links to files and folders are followed, as Kubernetes mounts them."""
    write({"site/..2026/a.yaml": "a: 1", "elsewhere/sub/b.yaml": "b: 1"})
    Path("site/..data").symlink_to("..2026")
    Path("site/a.yaml").symlink_to("..data/a.yaml")
    Path("site/more").symlink_to("../elsewhere")
    assert get(["site"]) == (["site/a.yaml", "site/more/sub/b.yaml"], [])


def test_link_loops() -> None:
    """A link to a folder around it is reported and not followed, also through another folder."""
    write({"a/x.yaml": "a: 1", "a/sub/y.yaml": "a: 1", "b/z.yaml": "a: 1"})
    Path("a/sub/up").symlink_to("..")
    Path("a/to_b").symlink_to("../b")
    Path("b/to_a").symlink_to("../a")
    names, found = get(["a"])
    assert names == ["a/sub/y.yaml", "a/to_b/z.yaml", "a/x.yaml"]
    assert found == [
        'EGC0005 a/sub/up "a/sub/up" leads back to a folder around it',
        'EGC0005 a/to_b/to_a "a/to_b/to_a" leads back to a folder around it',
    ]


def test_twin_folders() -> None:
    """A folder that is reached twice is read once and is no loop."""
    write({"a/sub/x.yaml": "a: 1"})
    Path("a/twin").symlink_to("sub")
    names, found = get(["a", "a/sub", "a/twin"])
    assert len(names) == 1
    assert found == []


def test_deep_folders() -> None:
    """Folders may be nested more deeply than Python functions may."""
    deep = "/".join(["d"] * 300)
    write({f"{deep}/x.yaml": "a: 1"})
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        read_there = get(["d"])
    finally:
        sys.setrecursionlimit(limit)
    assert read_there == ([f"{deep}/x.yaml"], [])


def test_stdin() -> None:
    """A dash is standard input, read once."""
    write({"a.yaml": "a: 1"})
    assert get(["-", "a.yaml", "-"], b"b: 1") == (["<stdin>", "a.yaml"], [])
    assert get(["./-"]) == ([], ['EGC0001 ./- "./-" does not exist'])


def test_stdin_fails() -> None:
    """Standard input can fail as any file."""
    assert get(["-"], b" \n") == ([], ["EGC0007 <stdin> the file is empty"])
    assert get(["-"], b"a\n\xff") == ([], ["EGC0003 <stdin>:2:1 not UTF-8: the byte 0xFF"])
    (closed := BytesIO()).close()
    sink = Sink()
    assert read_paths(["-"], closed, sink) == []
    assert [d.rule.code for d in sink.found] == ["EGC0002"]


def test_pipe() -> None:
    """A pipe that is named is read, such as a shell's process substitution; one in a folder is not."""
    reading, writing = os.pipe()
    os.write(writing, b"a: 1")
    os.close(writing)
    assert get([f"/dev/fd/{reading}"]) == ([f"/dev/fd/{reading}"], [])
    os.close(reading)
    write({"site/b.yaml": "a: 1"})
    os.mkfifo("site/a.yaml")
    assert get(["site"]) == (["site/b.yaml"], [])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("none.yaml", 'EGC0001 none.yaml "none.yaml" does not exist'),
        ("", "EGC0001  a path is empty"),
        ("dangling.yaml", 'EGC0001 dangling.yaml "dangling.yaml" is a link to nothing'),
        ("loop.yaml", 'EGC0002 loop.yaml cannot read "loop.yaml": too many levels of symbolic links'),
        ("a.yaml/b.yaml", 'EGC0002 a.yaml/b.yaml cannot read "a.yaml/b.yaml": not a directory'),
        ("a\0b", 'EGC0002 a\0b cannot read "a\0b": embedded null byte'),
        ("x" * 300, f'EGC0002 {"x" * 300} cannot read "{"x" * 300}": file name too long'),
        ("blank.yaml", "EGC0007 blank.yaml the file is empty"),
        ("nothing", 'EGC0006 nothing "nothing" has no YAML file'),
    ],
)
def test_failures(path: str, found: str) -> None:
    """What cannot be read is reported by name, and the rest is read."""
    write({"a.yaml": "a: 1", "blank.yaml": "\n \t\n", "nothing/.keep": "", "nothing/sub/x.txt": "a: 1"})
    Path("dangling.yaml").symlink_to("nowhere")
    Path("loop.yaml").symlink_to("loop.yaml")
    assert get([path, "a.yaml"]) == (["a.yaml"], [found])


def test_failures_in_a_folder() -> None:
    """A link in a folder that leads nowhere is an error like a missing file."""
    write({"site/a.yaml": "a: 1"})
    Path("site/b.yaml").symlink_to("nowhere")
    Path("site/c.yaml").symlink_to("c.yaml")
    Path("site/d").symlink_to("d")
    names, found = get(["site"])
    assert names == ["site/a.yaml"]
    assert [line[:19] for line in found] == ["EGC0001 site/b.yaml", "EGC0002 site/c.yaml"]


def test_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder that the system refuses is an error, and nothing is said of a folder's emptiness besides."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    write({"site/a.yaml": "a: 1"})
    monkeypatch.setattr(Path, "open", refuse)
    assert get(["site"]) == ([], ['EGC0002 site/a.yaml cannot read "site/a.yaml": permission denied'])
    monkeypatch.setattr(os, "scandir", refuse)
    assert get(["site"]) == ([], ['EGC0002 site cannot read "site": permission denied'])
    monkeypatch.setattr(Path, "is_dir", refuse)
    assert get(["site"]) == ([], ['EGC0002 site cannot read "site": permission denied'])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"a: 1\nb: caf\xe9\n", "2:7 not UTF-8: the byte 0xE9"),
        ("é: é ".encode() + b"\xff", "1:6 not UTF-8: the byte 0xFF"),
        (b"a: 1\r\nb: \xed\xa0\x80", "2:4 not UTF-8: the byte 0xED"),
        (b"a: \xc3", "1:4 not UTF-8: the byte 0xC3"),
        (b"a: 1\nb: \0\n", "2:4 not text: it has zero bytes"),
        (b"\x7fELF\x02\x01\x01\0\xff\xff", "1:8 not text: it has zero bytes"),
        ("a: 1\n".encode("utf-16"), "1:1 UTF-16, not UTF-8"),
    ],
)
def test_not_text(data: bytes, found: str) -> None:
    """Binary files and other encodings are told apart from YAML, with the place of the first bad byte."""
    write({"a.yaml": data})
    assert get(["a.yaml"]) == ([], [f"EGC0003 a.yaml:{found}"])


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond 64 MiB is not read at all; of a stream, no more than that."""
    write({"a.yaml": ""})
    os.truncate("a.yaml", (200 << 20) + 1)
    assert get(["a.yaml"]) == ([], ["EGC0004 a.yaml 200 MiB are more than 64 MiB"])
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    assert get(["-"], b"a" * (1 << 20)) == (["<stdin>"], [])
    assert get(["-", "/dev/zero"], b"a" * ((1 << 20) + 1)) == (
        [],
        ["EGC0004 /dev/zero it has more than 1 MiB", "EGC0004 <stdin> it has more than 1 MiB"],
    )


@pytest.mark.parametrize(
    "piece",
    [b"\x93\x1f\xfa\x07" * 25, b"[" * 100, b"a: [\x01\n" * 20, b"}{" * 50],
    ids=["binary", "brackets", "control", "braces"],
)
def test_garbage(piece: bytes) -> None:
    """Fifty megabytes of garbage end in an error, and soon."""
    write({"a.yaml": piece * 500_000})
    began = time.monotonic()
    sink = Sink()
    for text in read_paths(["a.yaml"], BytesIO(), sink):
        read(text.file, text.text, sink)
    assert sink.failed
    assert time.monotonic() - began < 10  # on a busy machine; alone it takes one at most
    Path("a.yaml").unlink()
