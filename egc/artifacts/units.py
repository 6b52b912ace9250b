"""What a unit of systemd may forbid depends on where the site's files are."""

from pathlib import PurePosixPath
from typing import Any

Plain = dict[str, Any]

_HOMES = ("/home/", "/root/", "/run/user/")
_TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 - these are looked for, not written to


def sandbox(values: Plain) -> Plain:
    """Which folders Envoy's unit must leave open, from what templates may say.

    ``runtime_directory`` and ``state_directory`` are those that systemd makes itself, relative to /run and /var/lib;
    "" where it cannot, and then they are among the folders of ``writable``.
    """
    run, state = values["run"], f"{values['state']}/envoy"
    outside = values["admin"].startswith("/") and not values["admin"].startswith(f"{run.rstrip('/')}/")
    admin = values["admin"] if outside else ""
    used = [values["releases"] + "/", values["certificates"] + "/", values["envoy"] or "", admin, *values["paths"]]
    runtime_directory, state_directory = _below("/run/", run), _below("/var/lib/", state)
    logs = [str(PurePosixPath(log).parent) for log in values["logs"]]
    others = [folder for folder, made in ((run, runtime_directory), (state, state_directory)) if not made]
    if admin:  # without its folder Envoy's unit starts all the same, and the supervisor says what is missing
        others.append(f"-{PurePosixPath(admin).parent}")
    return {
        "home_is_used": any(path.startswith(_HOMES) for path in used),
        "tmp_is_used": any(path.startswith(_TEMPORARY) for path in used),
        "letsencrypt_is_used": any(path.startswith("/etc/letsencrypt/") for path in used),
        "runtime_directory": runtime_directory,
        "state_directory": state_directory,
        "writable": list(dict.fromkeys([*others, *logs])),
    }


def _below(folder: str, path: str) -> str:
    return path.removeprefix(folder) if path.startswith(folder) else ""
