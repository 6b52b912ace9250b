"""The run folder, claimed for one supervisor, and the base id, claimed on the host."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from egc_host.findings import Finding, Refusal
from egc_host.findings import reload as findings
from egc_host.supervisor import client, shared_memory, sink

_PATH = 107


class Premises:
    """Locks that last as long as the process. Refusal if another one has them, or the folder is unfit."""

    def __init__(self, run: Path, base_id: int) -> None:
        self._folder, self._number = run, base_id
        longest = len(os.fsencode(sink.longest(run, base_id)))
        if longest > _PATH:
            raise Refusal(findings.SOCKET_PATH, f"sockets in {run} have paths of up to {longest} bytes")
        try:
            run.mkdir(mode=0o750, parents=True, exist_ok=True)
            if run.stat().st_uid != os.geteuid():
                raise Refusal(findings.RUN_FOLDER, f"{run} belongs to user {run.stat().st_uid}, not {os.geteuid()}")
            self._run = _lock(run / "lock", Finding(findings.RUNNING, f"{run} is in use{_by(run)}"))
            taken = Finding(findings.BASE_ID, f"base id {base_id} is another Envoy's on this host")
            self._shared = shared_memory.path(base_id)
            self._base_id = _lock(self._shared.with_name(f"egc_envoy_{base_id}.lock"), taken)
            # Of one that was killed; not before the second lock, since the first may have been removed.
            shutil.rmtree(run / "epochs", ignore_errors=True)
            (run / "epochs").mkdir(mode=0o700)
        except OSError as error:
            raise Refusal(findings.RUN_FOLDER, f"{error.filename or run}: {error.strerror}") from error

    def leave(self) -> None:
        """Leave nothing behind; no Envoy runs any more."""
        shutil.rmtree(self._folder / "epochs", ignore_errors=True)
        for path in self._folder.glob(f"{sink.base(self._folder).name}_*"):
            path.unlink()
        for path in (self._shared, self._shared.with_name(f"egc_envoy_{self._number}.lock"), self._folder / "lock"):
            with contextlib.suppress(OSError):
                path.unlink()
        os.close(self._base_id)
        os.close(self._run)


def _by(run: Path) -> str:
    try:
        return f" by process {client.ask(run, {'command': 'status'}, 1)['supervisor']['pid']}"
    except (client.NotRunning, KeyError):
        return ""


def _lock(path: Path, taken: Finding) -> int:
    """A descriptor that holds the lock. It is of the process, so that children do not keep it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise Refusal(taken.kind, taken.message) from None
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Refusal(taken.kind, taken.message) from None
    if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
        return descriptor
    os.close(descriptor)  # who had it removed it in this moment
    return _lock(path, taken)
