"""What a change of listening sockets does to connections that are not accepted yet."""

import re
import subprocess
import time
from functools import partial
from pathlib import Path

from tests.host.running import Running
from tests.host.soak.row import Case, Row
from tests.host.variants import Change, address, reuse_port, workers
from tests.needs import need

MIGRATE = Path("/proc/sys/net/ipv4/tcp_migrate_req")
"""It belongs to the network namespace."""

_SECONDS, _CONNECTIONS = 14, 64


def _alternating(
    first: Change,
    second: Change,
    *,
    migrate: int,
    warning: str = "",
    loss: bool = False,
    number: frozenset[int] = frozenset(),
) -> Row:
    """Reload to *second* and back again and again while wrk makes connections as fast as it can."""
    row = Row()
    MIGRATE.write_text(str(migrate), encoding="ascii")
    with Running(seconds=(0, 1), changes=(first,)) as site:
        command = [
            need("wrk"),
            "-t1",
            f"-c{_CONNECTIONS}",
            f"-d{_SECONDS}s",
            "-H",
            "Connection: close",
        ]
        url = f"http://127.0.0.1:{site.layout.http}/version"
        with subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True) as wrk:
            ended = time.monotonic() + _SECONDS - 2
            reloads, codes, numbers = 0, set(), set()
            while time.monotonic() < ended:
                reloads += 1
                verdict = site.deploy(f"v{reloads}", (first, second)[reloads % 2])
                row.verdict(verdict)
                codes |= {finding["code"] for finding in verdict["findings"]}
                numbers.add(site.drained()["concurrency"])
            output = wrk.communicate()[0]
    requests = re.search(r"(\d+) requests in", output)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    lost = sum(map(int, errors.groups())) if errors else 0
    row.must(requests, output)
    row.measured.append(f"{lost} of {int(requests[1]) if requests else 0:,} new connections reset in {reloads} reloads")
    if number:
        row.must(numbers == number, f"served with {numbers} workers")
    row.must(loss or not lost, f"{lost} connections reset")
    row.must("Non-2xx" not in output, output)
    if codes:
        row.measured.append(f"said beforehand: {', '.join(sorted(codes))}")
    row.must(not warning or warning in codes, f"{warning} was not said")
    return row


CASES = (
    Case(
        "workers",
        "workers 4 and 1 in turn, tcp_migrate_req=1: nothing reset",
        partial(_alternating, workers(4), workers(1), migrate=1, number=frozenset({1, 4})),
        alone=True,
    ),
    Case(
        "workers-kept",
        "the same, tcp_migrate_req=0: the number is kept, and said so; nothing reset",
        partial(_alternating, workers(4), workers(1), migrate=0, number=frozenset({4}), warning="EGC5129"),
        alone=True,
    ),
    Case(
        "address",
        "address 127.0.0.1 and 0.0.0.0 in turn: said beforehand",
        partial(_alternating, address("127.0.0.1"), address("0.0.0.0"), migrate=1, warning="EGC5130", loss=True),
        alone=True,
    ),
    Case(
        "reuse-port",
        "enable_reuse_port on and off in turn: nothing reset",
        partial(_alternating, reuse_port(enabled=True), reuse_port(enabled=False), migrate=1),
        alone=True,
    ),
)
