"""Programs of the host that an install runs."""

from __future__ import annotations

import shutil
import subprocess

from egc_host.findings import Refusal
from egc_host.findings import release as findings

SYSTEM = "/usr/sbin:/sbin"
"""Where programs are that only root needs; `su` may leave it out of PATH."""


def run(*command: str, timeout: float = 180) -> str:
    """What a program printed; Refusal if it is missing, fails, or takes longer than *timeout* seconds."""
    done = ended(*command, timeout=timeout)
    if done.returncode:
        raise Refusal(findings.COMMAND_FAILED, f"{' '.join(command)}: {last_words(done)}")
    return done.stdout


def ended(*command: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """How a program ended; Refusal if it is missing, or does not end in time."""
    words = [_path(command[0]) or command[0], *command[1:]]
    try:
        return subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise Refusal(findings.COMMAND_FAILED, f"{' '.join(command)}: no end within {timeout:g} s") from error
    except OSError as error:
        raise Refusal(findings.COMMAND_FAILED, f"{' '.join(command)}: {error.strerror or error}") from error


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Why a program failed, as it says itself."""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return said[-1] if said else f"ended with {done.returncode}"


def succeeds(*command: str) -> bool:
    """Whether a program is there and ends well."""
    try:
        run(*command)
    except Refusal:
        return False
    return True


def present(program: str) -> bool:
    """Whether a program is on the PATH, or where only root's programs are."""
    return _path(program) is not None


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=SYSTEM)
