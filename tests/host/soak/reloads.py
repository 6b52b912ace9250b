"""Hot restarts under load."""

import socket
import time
from pathlib import Path
from typing import Any

from tests.host.load import Load
from tests.host.load.fresh import Fresh
from tests.host.load.keepalive import KeepAlive
from tests.host.load.mix import SHORT, Mix, mixed
from tests.host.load.report import percentile
from tests.host.running import Running
from tests.host.soak.row import Case, Row
from tests.host.variants import Change, broken

_RELOADS, _REQUESTS = 10, 50_000
_QUICK = 50
_MEDIAN, _NINETY = 200, 400
"""Milliseconds until a reload is served."""


def _under_load() -> Row:
    """As shipped: 20 s of drain, 30 s until the old Envoy ends. A reload waits for the drain of the one before."""
    row = Row()
    with Running(seconds=(20, 30)) as site:
        clients: Mix = [
            *mixed(site.http, site.https),
            (4, KeepAlive("HTTP/1 busy", site.http, interval=0.05)),
            (2, Fresh("HTTP/1 new busy", site.http, interval=0.1)),
        ]
        with Load(*clients) as load:
            load.warm()
            for number in range(1, _RELOADS + 1):
                row.verdict(site.deploy(f"v{number}"))
                load.served(f"v{number}")
            site.drained()
            load.until(lambda report: report.requests >= _REQUESTS, 300)
        report = load.report
    row.requests(report, _REQUESTS)
    row.must(len(report.versions) == _RELOADS + 1, f"versions {sorted(report.versions)}")
    cut = max(report.cuts.values(), default=0)
    row.measured.append(f"each WebSocket cut {cut} times in {_RELOADS} reloads")
    row.must(cut <= _RELOADS, f"WebSockets cut more often than reloaded: {report.cuts}")
    new = report.of("HTTP/1 new").percentile(0.99)
    row.measured.append(f"p50 {report.percentile(0.5) * 1000:.0f} ms, p99 of new connections {new * 1000:.0f} ms")
    return row


def _bad() -> Row:
    """Six that are refused, and a good one."""
    row = Row()
    with Running() as site, socket.create_server(("127.0.0.1", 0)) as other:
        taken: int = other.getsockname()[1]
        with Load(*mixed(site.http, site.https, SHORT)) as load:
            load.warm()
            for i, change in enumerate((broken, _unknown_cluster, _port(taken), _no_key)):
                row.verdict(site.deploy(f"bad{i}", change), ok=False)
            for i, spoil in enumerate((_remove, _edit), 4):
                bundle = site.bundle(f"bad{i}")
                spoil(bundle / "envoy.yaml")
                site.switch(bundle)
                row.verdict(site.reload(), ok=False)
            before = load.report.requests
            load.until(lambda report: report.requests > before + 100)
            row.must(set(load.report.versions) == {"v0"}, f"versions {sorted(load.report.versions)}")
            row.verdict(site.deploy("good"))
            load.served("good")
            site.drained()
    row.requests(load.report)
    row.measured.append("6 refused, then a good one taken")
    return row


def _unknown_cluster(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
    """A route that leads nowhere."""
    bootstrap["static_resources"]["clusters"] = []


def _port(number: int) -> Change:
    """A listener more, on a port that somebody has."""

    def change(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        listeners = bootstrap["static_resources"]["listeners"]
        place = {"socket_address": {"address": "127.0.0.1", "port_value": number}}
        listeners.append(listeners[0] | {"name": "taken", "address": place})
        host["listeners"].append({"name": "taken", "address": "127.0.0.1", "port": number, "protocol": "tcp"})

    return change


def _no_key(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
    """A key that does not exist."""
    secret = bootstrap["static_resources"]["secrets"][0]["tls_certificate"]
    secret["private_key"]["filename"] += ".gone"
    host["certificates"]["pairs"][0]["key"] += ".gone"


def _remove(path: Path) -> None:
    path.unlink()


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def _latency() -> Row:
    """From the request for a reload to the first answer of the new version, with nothing to wait for before."""
    row = Row()
    times: list[float] = []
    with (
        Running(seconds=(0, 1)) as site,
        Load((4, Fresh("HTTP/1 new", site.http, "/version", interval=0.02))) as load,
    ):
        load.warm()
        for number in range(1, _QUICK + 1):
            site.drained()
            site.switch(site.bundle(f"v{number}"))
            asked = time.monotonic()
            row.verdict(site.reload())
            load.served(f"v{number}")
            times.append((load.report.versions[f"v{number}"].first - asked) * 1000)
    row.requests(load.report)
    median, ninety = percentile(times, 0.5), percentile(times, 0.9)
    row.measured.append(f"{_QUICK} reloads: median {median:.0f} ms, p90 {ninety:.0f} ms, max {max(times):.0f} ms")
    row.must(median <= _MEDIAN and ninety <= _NINETY, f"slower than {_MEDIAN} ms or {_NINETY} ms")
    return row


CASES = (
    Case(
        "reloads", f"{_RELOADS} reloads under mixed load, drain 20/30 s: 0 of {_REQUESTS:,} requests fail", _under_load
    ),
    Case("bad", "6 bad configurations, then a good one: the old serves, 0 requests fail", _bad),
    Case("latency", f"reload to its first answer: median {_MEDIAN} ms, p90 {_NINETY} ms at most", _latency),
)
