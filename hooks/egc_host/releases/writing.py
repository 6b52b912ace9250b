"""How root writes: never through a link that somebody else placed, and never half a file."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.terminal import system

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Owner(NamedTuple):
    """User and group; -1 leaves what is."""

    user: int = -1
    group: int = -1


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what the operating system refuses into a Refusal."""
    try:
        yield
    except OSError as error:
        found = system(error, findings.NO_SPACE if error.errno in _FULL else findings.CANNOT_WRITE)
        raise Refusal(found.kind, found.message) from error


def guard(path: Path) -> None:
    """Refusal if *path* is a symbolic link, or lies behind one that neither root nor this user made."""
    for part in reversed(path.parents):
        if part.is_symlink() and not _trusted(part):
            raise Refusal(findings.SYMLINK, f"{part}, on the way to {path}, is a symbolic link of another user's")
    if path.is_symlink():
        raise Refusal(findings.SYMLINK, f"{path} is a symbolic link to {path.readlink()}")


def folder(path: Path, mode: int, owner: Owner) -> None:
    """Make a folder, or give the one that is there this owner and mode."""
    guard(path)
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(0o700)
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if owner != Owner():
            os.fchown(opened, owner.user, owner.group)
        os.fchmod(opened, mode)
    finally:
        os.close(opened)


def differs(path: Path, mode: int, owner: Owner) -> bool:
    """Whether :func:`folder` would change anything."""
    try:
        found = path.lstat()
    except OSError:
        return True
    return (
        not stat.S_ISDIR(found.st_mode)
        or stat.S_IMODE(found.st_mode) != mode
        or (owner.user not in (-1, found.st_uid))
        or (owner.group not in (-1, found.st_gid))
    )


def write(path: Path, content: bytes, mode: int, owner: Owner = Owner()) -> None:  # noqa: B008 - it cannot be changed
    """Replace a file by rename; its folder is made if it is missing."""
    guard(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.egc")
    fresh.unlink(missing_ok=True)
    try:
        create(fresh, content, mode, owner)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    flush(path.parent)


def create(path: Path, content: bytes, mode: int, owner: Owner) -> None:
    """Write a file that must not exist yet, and make it last."""
    # The mode is right from the start: a key is at no moment readable by others.
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode & 0o700)
    with os.fdopen(opened, "wb") as file:
        if owner != Owner():
            os.fchown(opened, owner.user, owner.group)
        os.fchmod(opened, mode)
        file.write(content)
        file.flush()
        os.fsync(opened)


def read(path: Path) -> bytes:
    """The contents of a file that is no symbolic link."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def point(link: Path, to: str | None) -> None:
    """Let *link* lead to *to*, in one step, whatever it led to before; None removes it."""
    if link.exists() and not link.is_symlink():
        raise Refusal(findings.CANNOT_WRITE, f"{link} is there, and is no link of egc's")
    guard(link.parent)
    if to is None:
        link.unlink(missing_ok=True)
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.egc")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(to)
    fresh.replace(link)
    flush(link.parent)


def target(link: Path) -> str | None:
    """Where a link leads to; None if it is none."""
    return os.fspath(link.readlink()) if link.is_symlink() else None


def is_hidden(path: Path) -> bool:
    """Whether there is a folder that this user may not look into."""
    return os.path.lexists(path) and not os.access(path, os.R_OK | os.X_OK)


def flush(path: Path) -> None:
    """Make a folder's entries survive a power cut."""
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _trusted(link: Path) -> bool:
    """Whether root or this user made the link, in a folder where others cannot exchange it."""
    around = link.parent.stat().st_mode
    exchangeable = around & stat.S_IWOTH and not around & stat.S_ISVTX
    return link.lstat().st_uid in (0, os.geteuid()) and not exchangeable
