"""The programs of the host, packed: each one file that runs with nothing but Python."""

import io
import stat
import zipfile
from collections.abc import Iterator

from egc.artifacts.shipped import shipped

_HOOKS = shipped("hooks")
_SHEBANG = b"#!/usr/bin/env -S python3 -IS\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a zip: that of the build would differ from build to build."""

_MAINS = {"egc-envoy": "egc_host.supervisor.main", "egc-site": "egc_host.site"}
_SCRIPTS = ("certbot-deploy", "certbot-post", "egc-cert-sync")
_START = '''"""Starts the program."""

import sys

from {module} import main

sys.exit(main())
'''


def programs() -> Iterator[tuple[str, bytes]]:
    """Path in the bundle and content of every executable file."""
    for name, module in _MAINS.items():
        yield f"bin/{name}", _packed(module)
    for name in _SCRIPTS:
        yield f"bin/{name}", (_HOOKS / name).read_bytes()
    yield "install.sh", (_HOOKS / "install.sh").read_bytes()


def _packed(module: str) -> bytes:
    """A zipapp: https://docs.python.org/3/library/zipapp.html. Stored, since compressors differ between machines."""
    buffer = io.BytesIO(_SHEBANG)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__.py", _START.format(module=module).encode())
        for path in sorted((_HOOKS / "egc_host").rglob("*.py")):
            _add(archive, path.relative_to(_HOOKS).as_posix(), path.read_bytes())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # Unix, wherever it is built
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(entry, content)
