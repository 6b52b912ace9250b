"""Bundles to disk: a folder is the old bundle or the new one, at any moment."""

import ctypes
import errno
import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from egc.artifacts.bundle import Bundle
from egc.diagnostics import Place, Rule, Severity, Sink
from egc.source.files import is_bundle

NOT_A_FOLDER = Rule(
    code="EGC5010",
    severity=Severity.ERROR,
    title="output is not a folder",
    explanation="The path given with -o exists and is a file.",
    help="name a folder with -o",
)
NOT_A_BUNDLE = Rule(
    code="EGC5011",
    severity=Severity.ERROR,
    title="output folder holds something else",
    explanation="""
        The folder given with -o is replaced as a whole, and it holds files but no `manifest.json` of an older build of
        egc's. Nothing that egc did not make is deleted.
        """,
    help="name an empty or a new folder with -o",
)
CANNOT_WRITE = Rule(
    code="EGC5012",
    severity=Severity.ERROR,
    title="bundle cannot be written",
    explanation="The operating system refused to write the bundle; what was there before is unchanged.",
)

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def write(bundle: Bundle, folder: Path, sink: Sink) -> None:
    """Replace *folder* by the bundle, in one step; a bundle that is there already is left alone."""
    at = Place(str(folder))
    try:
        if folder.exists() and not folder.is_dir():
            sink.report(NOT_A_FOLDER, at, f'"{folder}" is not a folder')
            return
        if is_there(bundle, folder):
            return
        if folder.is_dir() and any(folder.iterdir()) and not is_bundle(folder):
            sink.report(NOT_A_BUNDLE, at, f'"{folder}" holds files that are no bundle')
            return
        _replace(bundle, Path(os.path.realpath(folder)))
    except OSError as error:
        where = f' ("{error.filename}")' if error.filename else ""
        sink.report(CANNOT_WRITE, at, f'cannot write "{folder}": {error.strerror or error}{where}')


def is_there(bundle: Bundle, folder: Path) -> bool:
    """Whether the folder is this bundle already, to the byte and the mode."""
    try:
        if not is_bundle(folder):  # it may be anything, and large
            return False
        there = {str(p.relative_to(folder)): p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
        return there.keys() == {artifact.path for artifact in bundle.artifacts} and all(
            there[artifact.path].stat().st_mode & 0o777 == artifact.mode
            and there[artifact.path].read_bytes() == artifact.content
            for artifact in bundle.artifacts
        )
    except OSError:
        return False


def _replace(bundle: Bundle, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    around = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sweep(folder, around)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.egc-", dir=folder.parent))
        try:
            _fill(bundle, fresh)
            if folder.exists():
                exchange(fresh, folder)
            else:
                fresh.rename(folder)
            os.fsync(around)
        finally:
            # Either the old bundle, or what there is of a new one.
            shutil.rmtree(fresh, ignore_errors=True)
    finally:
        os.close(around)


def _sweep(folder: Path, around: int) -> None:
    """Remove what builds that were killed have left beside *folder*; *around* is the open folder that it lies in.

    Every build holds a shared lock on that folder while it writes, so one that gets the lock alone is alone. Where
    there are no locks, nothing is removed.
    """
    leftover = re.compile(rf"\.{re.escape(folder.name)}\.egc-[a-z0-9_]{{8}}(\.old)?")
    with suppress(OSError):
        fcntl.flock(around, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in folder.parent.iterdir():
            # Without the folder, what was moved aside is the only bundle that there is.
            if (found := leftover.fullmatch(path.name)) and (folder.exists() or not found[1]):
                shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        fcntl.flock(around, fcntl.LOCK_SH)


def _fill(bundle: Bundle, folder: Path) -> None:
    folder.chmod(0o755)
    for artifact in bundle.artifacts:
        path = folder / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # The mode is right from the start: a key is at no moment readable by others.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, artifact.mode), "wb") as file:
            os.fchmod(file.fileno(), artifact.mode)
            file.write(artifact.content)
            file.flush()
            os.fsync(file.fileno())
    for below, _, _ in os.walk(folder):
        _flush(Path(below))


def _flush(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> None:
    """Let two folders trade names at once; where the system cannot, in two steps with a gap between them.

    https://man7.org/linux/man-pages/man2/rename.2.html (RENAME_EXCHANGE)
    """
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        arguments = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        if renameat2(*arguments) == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(code, os.strerror(code), str(other))
    aside = one.with_name(f"{one.name}.old")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
