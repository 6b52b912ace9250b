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
    is_root = os.geteuid() == 0
    enter = [*_MINE, *(() if is_root else _AS_USER), "sh", "-c", _SHARED_MEMORY, "sh"]
    try:
        tried = subprocess.run([*enter, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise click.ClickException("there is no unshare, which util-linux has") from error
    if tried.returncode:
        why = " ".join(tried.stderr.split())
        way = "a container's root needs CAP_SYS_ADMIN" if is_root else "run as root, or allow user namespaces"
        raise click.ClickException(f"{_REFUSED} ({why}): {way}")
    return [*enter, sys.executable, "-m", module, *arguments]


def become(command: list[str]) -> None:
    """Become that, without the proxies of the machine: in there, no network leads to them."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    os.execvpe(command[0], command, environment)
