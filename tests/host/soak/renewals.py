"""Renewals of three lineages by certbot and a CA of one's own, under load."""

import tempfile
from functools import partial
from pathlib import Path

from tests.host.acme import Authority
from tests.host.issuing import CERTBOTS, Site
from tests.host.load import Load, Report
from tests.host.load.mix import SHORT, mixed
from tests.host.soak.row import Case, Row

_LINEAGES = ("one", "two", "three")


def _renewal(reload: str) -> Row:
    """Issued in place of placeholders without load, then renewed with it."""
    row = Row()
    with tempfile.TemporaryDirectory(prefix="egc-") as folder:
        authority = Authority(Path(folder))
        with Site(authority, reload=reload, lineages=_LINEAGES) as site, authority.asking(site.layout.http):
            issued = site.certs("issue", "--certbot", CERTBOTS[1])
            row.must(issued.returncode == 0, issued.stdout)
            site.drained()
            before, reloads, pid = site.serials(), site.reloads(), site.status()["pid"]
            with Load(*mixed(site.http, site.https, SHORT)) as load:
                load.warm()
                renewed = site.certs("renew", "--force", "--certbot", CERTBOTS[1])
                row.must(renewed.returncode == 0, renewed.stdout)
                load.until(lambda report: len(report.certificates) == 2)
                site.drained()
            after = site.serials()
            restarts = site.reloads() - reloads
            kept = site.status()["pid"] == pid
    changed = sum(after[name] != before[name] for name in _LINEAGES)
    row.must(changed == len(_LINEAGES), f"{changed} certificates changed")
    row.requests(load.report)
    row.measured.append(f"{changed} certificates renewed, {restarts} restarts")
    if reload == "watch":
        _unnoticed(row, load.report)
        row.must(restarts == 0 and kept, f"{restarts} restarts")
    else:
        row.must(restarts == 1, f"{restarts} restarts")
    return row


def _unnoticed(row: Row, report: Report) -> None:
    closed = report.closings.total() + report.cuts.total()
    row.measured.append(f"{closed} connections closed")
    row.must(closed == 0, f"connections closed: {dict(report.closings)}")


CASES = (
    Case(
        "watch",
        "renewal of 3 lineages, watched: 0 restarts, 0 requests fail, no connection closed",
        partial(_renewal, "watch"),
    ),
    Case(
        "hot-restart",
        "renewal of 3 lineages by hot restart: exactly 1 restart, 0 requests fail",
        partial(_renewal, "hot-restart"),
    ),
)
