"""Memory of the supervisor and of Envoy, of one generation and of two."""

from pathlib import Path

from tests.host.load import Load
from tests.host.load.mix import SHORT, mixed
from tests.host.running import Running
from tests.host.soak.row import Case, Row

_MIB = 2**20
_MOST = 25
"""MiB of the supervisor."""


def _memory() -> Row:
    """Under the mixed load, after a reload and while the old Envoy drains."""
    row = Row()
    with Running(seconds=(4, 5)) as site, Load(*mixed(site.http, site.https, SHORT)) as load:
        load.warm()
        one = _sum(site.supervised.envoys())
        row.verdict(site.deploy("v1"))
        load.served("v1")
        envoys = site.supervised.envoys()
        two = _sum(envoys)
        row.must(len(envoys) == 2, f"{len(envoys)} Envoys")
        status = site.drained()
    supervisor = status["supervisor"]["rss"] / _MIB
    row.measured.append(f"supervisor {supervisor:.1f} MiB")
    row.measured += [
        f"{what}: {resident:.0f} MiB RSS, {proportional:.0f} MiB PSS"
        for what, (resident, proportional) in (("Envoy", one), ("both during a reload", two))
    ]
    row.must(supervisor <= _MOST, f"supervisor takes more than {_MOST} MiB")
    row.requests(load.report)
    return row


def _sum(pids: list[int]) -> tuple[float, float]:
    """MiB of processes: resident, and with what is shared (with other Envoys of the machine, too) in proportion."""
    total = dict.fromkeys(("Rss:", "Pss:"), 0.0)
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            key, value = line.split()[:2]
            if key in total:
                total[key] += int(value) * 1024 / _MIB
    return total["Rss:"], total["Pss:"]


CASES = (Case("memory", f"supervisor: {_MOST} MiB at most", _memory),)
