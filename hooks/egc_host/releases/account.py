"""The user that Envoy runs as."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.releases.commands import present, run
from egc_host.releases.writing import Owner


def owner(name: str) -> Owner:
    """User and group of Envoy; where they do not exist, or are not ours to give, what is stays."""
    if os.geteuid() != 0:
        return Owner()
    if name.isdigit():  # a container's, which its image makes; nobody else knows it
        return Owner(int(name), int(name))
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return Owner()
    return Owner(entry.pw_uid, entry.pw_gid)


def reader(name: str) -> Owner:
    """Root, with the group of Envoy's user: it may read, but not write."""
    user, group = owner(name)
    return Owner(0, group) if user != -1 else Owner()


def exists(name: str) -> bool:
    """Whether the host has the user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def make(name: str, conf: Path) -> None:
    """Make the user and its group, from *conf* if this host has systemd-sysusers; Refusal if there is still none."""
    if present("systemd-sysusers") and conf.is_file():
        run("systemd-sysusers", str(conf))
    else:
        with_group = ["--gid", name] if _has_group(name) else ["--user-group"]
        run("useradd", "--system", "--no-create-home", *with_group, "--shell", "/usr/sbin/nologin", name)
    if not exists(name):
        raise Refusal(findings.NO_ACCOUNT, f"there is still no user {name}")


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
