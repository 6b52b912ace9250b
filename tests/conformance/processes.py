"""Programs that have to run as long as the suite does."""

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

_PATIENCE = 30.0
_LENGTH = 200


class EndedError(click.ClickException):
    """A program ended by itself; the message holds the end of what it said."""


def heed() -> None:
    """Let SIGTERM interrupt the main thread as Ctrl-C does; on the first process of a namespace it would be lost."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], log: Path, stop: signal.Signals = signal.SIGKILL
) -> Iterator[subprocess.Popen[bytes]]:
    """The program while the context is open; :class:`EndedError` if it ends before, for the main thread is interrupted.

    What does that is the signal of :func:`heed`. It has a session of its own: an interrupt from the terminal ends it
    in its turn.
    """
    name, ends = Path(command[0]).name, threading.Event()
    with (
        log.open("ab") as out,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True) as process,
    ):
        try:
            threading.Thread(target=_watch, args=(process, ends), name=name, daemon=True).start()
            yield process
        except KeyboardInterrupt:
            if process.poll() is None:
                raise
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()
            last = "".join(said[-1:])[:_LENGTH]
            raise EndedError(
                f"{name} ended with status {process.returncode}; at last {log.name} says: {last}"
            ) from None
        finally:
            ends.set()
            process.send_signal(stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()


def _watch(process: subprocess.Popen[bytes], ends: threading.Event) -> None:
    process.wait()
    main = threading.main_thread().ident
    if not ends.is_set() and main is not None:
        signal.pthread_kill(main, signal.SIGTERM)  # what else would wake it up from reading what the suite says?
