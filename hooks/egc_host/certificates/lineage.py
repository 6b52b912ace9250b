"""The folder of a lineage: generations of its pair, and `current`, which one rename turns to the newest."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from egc_host.findings import Refusal
from egc_host.findings import certificates as findings

if TYPE_CHECKING:
    from collections.abc import Iterator

CURRENT, CHAIN, KEY = "current", "fullchain.pem", "privkey.pem"
KEPT = 2
"""Generations that are kept beside the current one."""

_GENERATION = re.compile(r"gen-(\d{8}T\d{6})Z(?:-(\d+))?")
_LINK = ".current"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def check_name(name: str) -> str:
    """The name, or a Refusal if it is none for a folder."""
    if not name or name in {".", ".."} or name[0] == "-" or "/" in name or not name.isprintable():
        raise Refusal(findings.NAME, f"lineage {name!r} is not called like a folder")
    return name


def publish(
    pair: tuple[bytes, bytes], folder: Path, group: int | None, accept: Callable[[Path, Path], None] | None = None
) -> str:
    """Make chain and key (PEM) the current pair of a lineage's folder; returns the name of the generation.

    ``group`` may read it; None leaves the group alone. ``accept`` gets chain and key as they will be published, just
    before they are, and raises what forbids it. Whatever is raised, the pair that was current stays so. Refusal if the
    folder is not safe to write to, OSError if it cannot be written. The caller holds the lock of publications.
    """
    check_name(folder.name)
    with _opened(folder.parent, None, group) as parent, _opened(folder, parent, group) as lineage:
        if os.fstat(lineage).st_uid == os.geteuid():
            _share(lineage, 0o750, group)
        current = _current(lineage, folder)
        _sweep(lineage, current)
        name = _next(lineage)
        try:
            _write(lineage, name, pair, group)
            if accept is not None:
                accept(folder / name / CHAIN, folder / name / KEY)
            os.symlink(name, _LINK, dir_fd=lineage)
            os.rename(_LINK, CURRENT, src_dir_fd=lineage, dst_dir_fd=lineage)
        except BaseException:
            with contextlib.suppress(OSError):  # the next publication sweeps
                _sweep(lineage, current)
            raise
        os.fsync(lineage)
        with contextlib.suppress(OSError):  # an old generation that stays does no harm, and the next run tries again
            for old in _generations(lineage)[: -1 - KEPT]:
                _remove(lineage, old)
    return name


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock file *name* in a folder of root's. Only its owner can open it, so nobody else can hold it."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(folder: Path, parent: int | None, group: int | None) -> Iterator[int]:
    """A descriptor of a folder that nobody else can exchange; it is made if it does not exist."""
    name = os.fspath(folder) if parent is None else folder.name
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    except FileNotFoundError:
        if parent is None:
            folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        os.mkdir(name, 0o700, dir_fd=parent)
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
        _share(descriptor, 0o750, group)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Refusal(findings.UNSAFE, f"{folder} is a symbolic link or no folder") from error
        raise
    try:
        status = os.fstat(descriptor)
        if status.st_uid not in {0, os.geteuid()}:
            raise Refusal(findings.UNSAFE, f"{folder} belongs to user {status.st_uid}")
        shared = stat.S_IWOTH | (stat.S_IWGRP if status.st_gid == group else 0)
        if status.st_mode & shared:
            raise Refusal(findings.UNSAFE, f"{folder} can be written to by others (mode {status.st_mode & 0o7777:04o})")
        yield descriptor
    finally:
        os.close(descriptor)


def _share(descriptor: int, mode: int, group: int | None) -> None:
    if group is not None:
        os.fchown(descriptor, -1, group)
    os.fchmod(descriptor, mode)


def _write(lineage: int, name: str, pair: tuple[bytes, bytes], group: int | None) -> None:
    """A generation, on the disk before anything points at it."""
    os.mkdir(name, 0o700, dir_fd=lineage)
    generation = os.open(name, _FOLDER, dir_fd=lineage)
    try:
        for file, content in zip((CHAIN, KEY), pair):
            with os.fdopen(os.open(file, _CREATE, 0o600, dir_fd=generation), "wb") as stream:
                stream.write(content)
                stream.flush()
                _share(stream.fileno(), 0o640, group)
                os.fsync(stream.fileno())
        _share(generation, 0o750, group)
        os.fsync(generation)
    finally:
        os.close(generation)


def _current(lineage: int, folder: Path) -> str | None:
    """The generation that is current; None before the first one."""
    try:
        return Path(os.readlink(CURRENT, dir_fd=lineage)).name
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refusal(
            findings.UNSAFE, f"{folder / CURRENT} is no symbolic link", "move it away; egc puts a link in its place"
        ) from error


def _order(name: str) -> tuple[str, int]:
    match = _GENERATION.fullmatch(name)
    return (match[1], int(match[2] or 0)) if match else ("", 0)


def _generations(lineage: int) -> list[str]:
    """Names of generations, oldest first."""
    return sorted((name for name in _files(lineage) if _GENERATION.fullmatch(name)), key=_order)


def _next(lineage: int) -> str:
    """A name that comes after all there are, even if the clock was set back: what follows `current` is unfinished."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    last, number = max((_order(name) for name in _generations(lineage)), default=("", 0))
    return f"gen-{stamp}Z" if stamp > last else f"gen-{last}Z-{number + 1}"


def _sweep(lineage: int, current: str | None) -> None:
    """Remove what a publication that was killed left behind."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_LINK, dir_fd=lineage)
    for name in _generations(lineage):
        if current is None or _order(name) > _order(current):
            _remove(lineage, name)


def _remove(lineage: int, name: str) -> None:
    try:
        generation = os.open(name, _FOLDER, dir_fd=lineage)
    except NotADirectoryError:  # a symbolic link is one as well
        os.unlink(name, dir_fd=lineage)
        return
    try:
        for file in _files(generation):
            os.unlink(file, dir_fd=generation)
    finally:
        os.close(generation)
    os.rmdir(name, dir_fd=lineage)


def _files(folder: int) -> list[str]:
    return os.listdir(folder)
