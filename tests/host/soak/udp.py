"""UDP and HTTP/3 listeners across a reload."""

import socket

from tests.host.bundles import free_port
from tests.host.load import Load, Report
from tests.host.load.connection import Target
from tests.host.load.datagrams import Datagrams
from tests.host.load.http3 import Http3
from tests.host.running import Running
from tests.host.soak.row import Case, Row
from tests.host.variants import datagrams

_RELOADS = 3
_DELAY = 0.5
"""Seconds until the upstream answers a late datagram."""


class _Datagrams(Running):
    """A site with a UDP proxy and HTTP/3."""

    def prepare(self) -> None:
        """Choose the port of the proxy."""
        self.udp = Target(free_port(socket.SOCK_DGRAM))
        self.changes = (datagrams(self.layout, self.udp.port),)


def _http3() -> Row:
    """As over TCP: connections are told to go, and requests under way end."""
    row = Row()
    with _Datagrams(seconds=(4, 8)) as site:
        report = _reloaded(
            row,
            site,
            Load(
                (2, Http3("HTTP/3", site.https, interval=0.1)),
                (2, Http3("HTTP/3 new", site.https, interval=0.2, anew=True)),
                (2, Http3("HTTP/3 idle", site.https, interval=2)),
                (1, Http3("HTTP/3 slow", site.https, "/slow?seconds=2")),
                (1, Http3("HTTP/3 stream", site.https, "/stream?seconds=2")),
            ),
        )
    row.requests(report)
    row.measured.append(", ".join(f"{count} connections ended: {how}" for how, count in report.closings.items()))
    return row


def _udp() -> Row:
    """A session stays with the old Envoy until that ends, and ends with it; new ones are the new Envoy's."""
    row = Row()
    with _Datagrams(seconds=(2, 3)) as site:
        report = _reloaded(
            row,
            site,
            Load(
                (4, Datagrams("session", site.udp, interval=0.02)),
                (2, Datagrams("session with late answers", site.udp, interval=0.02, delay=_DELAY)),
                (4, Datagrams("new session", site.udp, interval=0.05, anew=True)),
            ),
        )
    for kind in dict.fromkeys(tally.kind for tally in report.tallies):
        one = report.of(kind)
        row.measured.append(f"{kind}: {len(one.losses)} of {one.echoes + len(one.losses):,} not answered")
        row.must(one.echoes, f"{kind}: no answer at all")
    row.must(len(report.of("new session").losses) <= _RELOADS, "new sessions lose more than one datagram each reload")
    return row


def _reloaded(row: Row, site: Running, load: Load) -> Report:
    with load:
        load.warm()
        for number in range(1, _RELOADS + 1):
            row.verdict(site.deploy(f"v{number}"))
            site.drained()
    return load.report


CASES = (
    Case("http3", f"HTTP/3, {_RELOADS} reloads: 0 requests fail", _http3),
    Case("udp", f"UDP proxy, {_RELOADS} reloads: what is lost", _udp),
)
