"""Namespaces of our own: real ports and addresses for everything, out of sight of the machine."""

import os
import subprocess
import sys

import click

_MINE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_AS_USER = ("--user", "--map-root-user")
_SHARED_MEMORY = 'mount -t tmpfs shared-memory /dev/shm && exec "$@"'
"""Envoys that were killed leave some behind, which the next one of their base id would find."""

_REFUSED = "this system allows no namespaces of one's own"


def command(module: str, *arguments: str) -> list[str]:
    """Runs ``python -m <module>`` as root of namespaces of its own; ClickException where that is not allowed."""
    enter = [*_MINE, *(() if os.geteuid() == 0 else _AS_USER), "sh", "-c", _SHARED_MEMORY, "sh"]
    tried = subprocess.run([*enter, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise click.ClickException(f"{_REFUSED} ({tried.stderr.strip()}): run as root, or allow user namespaces")
    return [*enter, sys.executable, "-m", module, *arguments]


def run(module: str, *arguments: str) -> None:
    """Become what :func:`command` tells."""
    argv = command(module, *arguments)
    os.execvp(argv[0], argv)
