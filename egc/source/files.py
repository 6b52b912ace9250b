"""Files, folders and standard input as texts."""

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from egc.diagnostics import Place, Rule, Severity, Sink
from egc.source.position import Source

LARGEST = 64 << 20  # bytes: ten times the YAML of ten thousand routes
STDIN = "<stdin>"
MANIFEST = "manifest.json"  # of a bundle
_SUFFIXES = (".yaml", ".yml", ".json")

NOT_FOUND = Rule(
    code="EGC0001",
    severity=Severity.ERROR,
    title="path does not exist",
    explanation="A path names neither a file nor a folder, or is a link that leads nowhere.",
    help="check the spelling, and the folder that the command runs in",
)
UNREADABLE = Rule(
    code="EGC0002",
    severity=Severity.ERROR,
    title="file or folder cannot be read",
    explanation="""
        The operating system refuses to read it, most often for want of permission. A build that leaves files out
        would serve something else than was asked for, so it stops.
        """,
    help="make it readable for the user that runs the command",
)
NOT_UTF8 = Rule(
    code="EGC0003",
    severity=Severity.ERROR,
    title="file is not UTF-8 text",
    explanation="""
        The file is binary, or its text has another encoding than UTF-8, such as Latin-1 or UTF-16. The place is that of
        the first byte that cannot be text.
        """,
    help="save it as UTF-8, or move a file that is not YAML elsewhere",
)
TOO_LARGE = Rule(
    code="EGC0004",
    severity=Severity.ERROR,
    title="file is too large",
    explanation="A file may have 64 MiB, ten times what ten thousand routes need. More is hardly meant to be read.",
    help="split it, or move a file that is not meant to be read elsewhere",
)
LINK_LOOP = Rule(
    code="EGC0005",
    severity=Severity.WARNING,
    title="symbolic link leads back to its own folder",
    explanation="A link leads to the folder that it is in or to one around it. It is not followed; no file is lost.",
    help="remove the link",
)
NO_YAML = Rule(
    code="EGC0006",
    severity=Severity.WARNING,
    title="folder without YAML",
    explanation="""
        Of a folder, the files that end in `.yaml`, `.yml` or `.json` are read, also in the folders below it. What
        begins with a dot is left out, and so is a bundle that egc has written. This folder has no such file.
        """,
    help="check the path, or name the files themselves",
)
EMPTY = Rule(
    code="EGC0007",
    severity=Severity.WARNING,
    title="file is empty",
    explanation="The file has no text. Perhaps the command that should have written it failed.",
    help="write it again, or delete it",
)


@dataclass(frozen=True, slots=True)
class Text:
    """The whole text of a file, and the name to speak of it: the path as the user wrote it."""

    file: str
    text: str = field(repr=False)


def read_paths(paths: Sequence[str], stdin: BinaryIO, sink: Sink) -> list[Text]:
    """The texts of files, of the YAML in folders and, for ``-``, of standard input, in the order of *paths*.

    A folder's files come sorted. Each file is read once, however often and by whatever name it is reached. What
    cannot be read goes to *sink*.
    """
    texts: list[Text] = []
    seen: set[str] = set()
    for path in paths:
        for file in [path] if path == "-" else _files(path, sink):
            real = _real(file) if file != "-" else file
            if real in seen:
                continue
            seen.add(real)
            name = STDIN if file == "-" else file
            text = _receive(stdin, name, sink) if file == "-" else read_text(file, sink)
            if text is not None and not text.strip():
                sink.report(EMPTY, Place(name), "the file is empty")
            elif text is not None:
                texts.append(Text(name, text))
    return texts


def read_text(file: str, sink: Sink) -> str | None:
    """The text of one file, without its byte order mark; None (and a report) if it cannot be had."""
    try:
        with Path(file).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size <= LARGEST:
                return _receive(stream, file, sink)
            sink.report(TOO_LARGE, Place(file), f"{size >> 20} MiB are more than {LARGEST >> 20} MiB")
    except (OSError, ValueError) as error:
        _report_failure(file, error, sink)
    return None


def _receive(stream: BinaryIO, file: str, sink: Sink) -> str | None:
    """The text that *stream* gives; its size is not known before."""
    try:
        data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: it was closed
        _report_failure(file, error, sink)
        return None
    if len(data) <= LARGEST:
        return _decode(data, file, sink)
    sink.report(TOO_LARGE, Place(file), f"it has more than {LARGEST >> 20} MiB")
    return None


def _decode(data: bytes, file: str, sink: Sink) -> str | None:
    offset, message = data.find(b"\0"), "not text: it has zero bytes"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        offset, message = 0, "UTF-16, not UTF-8"
    elif offset < 0:
        try:
            return data.decode().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            offset, message = error.start, f"not UTF-8: the byte 0x{data[error.start]:02X}"
    before = data[:offset].decode(errors="replace")
    span = Source(file, before).place(len(before), len(before) + 1).span
    sink.report(NOT_UTF8, Place(file, span=span), message)  # without an excerpt, which would be garbage
    return None


def _report_failure(file: str, error: OSError | ValueError, sink: Sink) -> None:
    if isinstance(error, FileNotFoundError):
        what = "is a link to nothing" if Path(file).is_symlink() else "does not exist"
        sink.report(NOT_FOUND, Place(file), f'"{file}" {what}')
    else:
        why = error.strerror if isinstance(error, OSError) else None
        sink.report(UNREADABLE, Place(file), f'cannot read "{file}": {(why or str(error)).lower()}')


def _real(file: str) -> str:
    try:
        return os.path.realpath(file)
    except ValueError:  # no possible path; reading it tells
        return file


def _files(path: str, sink: Sink) -> list[str]:
    """The files that *path* names: itself, or those of the folder."""
    if not path:  # Path("") would be the current folder
        sink.report(NOT_FOUND, Place(path), "a path is empty")
        return []
    try:
        is_folder = Path(path).is_dir()
    except OSError:
        is_folder = False  # reading it tells why
    return _walk(path, sink) if is_folder else [path]


def _walk(root: str, sink: Sink) -> list[str]:
    """The YAML files below the folder *root*, sorted."""
    files: list[str] = []
    visited: set[str] = set()
    complete = True
    todo: list[tuple[str, str, tuple[str, ...]]] = [
        (root, _real(root), ())
    ]  # path, real path, those of the folders around
    while todo:
        folder, real, around = todo.pop()
        if real in around:
            sink.report(LINK_LOOP, Place(folder), f'"{folder}" leads back to a folder around it')
        if real in visited or is_bundle(Path(folder)):
            continue
        visited.add(real)
        entries = _entries(folder, sink)
        complete &= entries is not None
        for entry in entries or ():
            if _mode(entry) == stat.S_IFDIR:
                # Asking for the real path of every folder would cost the square of the depth.
                inner = _real(entry.path) if entry.is_symlink() else f"{real}/{entry.name}"
                todo.append((entry.path, inner, (*around, real)))
            elif entry.name.endswith(_SUFFIXES):
                files.append(entry.path)
    if not files and complete:
        sink.report(NO_YAML, Place(root), f'"{root}" has no YAML file')
    return sorted(files)


def is_bundle(folder: Path) -> bool:
    """Whether egc has written the folder: other programs have files named manifest.json, too."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and "egc" in manifest


def _entries(folder: str, sink: Sink) -> list[os.DirEntry[str]] | None:
    """What *folder* holds, but for what is hidden and for what is neither file nor folder (sockets, pipes)."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        _report_failure(folder, error, sink)
        return None
    seen = [entry for entry in entries if not entry.name.startswith(".")]
    return [entry for entry in seen if _mode(entry) in (stat.S_IFDIR, stat.S_IFREG)]


def _mode(entry: os.DirEntry[str]) -> int:
    """Folder, file and so on; a link is what it leads to, and a file if that cannot be said: reading it tells why."""
    try:
        return stat.S_IFMT(entry.stat().st_mode)
    except OSError:
        return stat.S_IFREG
