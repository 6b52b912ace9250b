"""Programs that tests need and that no Python package brings."""

import os
import shutil

import pytest

PACKAGES = {
    "certutil": "libnss3-tools",
    "h2load": "nghttp2-client",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "pebble": "pebble",
    "pebble-challtestsrv": "pebble",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "unshare": "util-linux",
    "/usr/bin/certbot": "certbot",
}
"""The Debian package of a program, where it is not called the same."""


def need(program: str) -> str:
    """The path of *program*; without it the test is skipped, and fails where CI is set."""
    found = shutil.which(program)
    if found is None:
        lacking = f"{program} is missing: apt-get install {PACKAGES.get(program, program)}"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    return found
