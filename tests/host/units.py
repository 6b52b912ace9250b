"""The files for systemd and for Prometheus, rendered as a build renders them."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from egc.artifacts.templates import render
from egc.artifacts.units import sandbox

VALUES: dict[str, Any] = {
    "site": "site",
    "user": "envoy",
    "run": "/run/egc",
    "admin": "/run/egc/admin.sock",
    "state": "/var/lib/egc",
    "releases": "/opt/egc",
    "textfile": "/var/lib/egc/metrics",
    "certificates": "/etc/egc/tls",
    "current": "/opt/egc/site/current",
    "envoy": None,
    "paths": ["/etc/egc/tls/site/current/fullchain.pem"],
    "capabilities": ["CAP_NET_BIND_SERVICE"],
    "open_files": 104096,
    "memory": None,
    "memory_deny_write_execute": True,
    "stop_drain_time": 5,
    "parent_shutdown_time": 30,
    "logs": [],
    "acme": True,
    "metrics_port": 19001,
}
"""What a site gets that serves ports 80 and 443 and sets nothing."""

Unit = dict[str, list[str]]


def files(below: str, **changes: Any) -> dict[str, str]:
    """Every file of a folder of templates, as the text that :data:`VALUES` and *changes* give."""
    values = VALUES | changes
    return render(below, values | sandbox(values))


def write(folder: Path, texts: dict[str, str], names: Iterable[str] | None = None) -> list[Path]:
    """Write some of the files, or all; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in (texts if names is None else names)]
    for path in paths:
        path.write_text(texts[path.name], encoding="utf-8")
    return paths


def settings(text: str) -> Unit:
    """The settings of a unit, each with all its values."""
    found = defaultdict(list)
    for line in text.splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found[name].append(value)
    return dict(found)
