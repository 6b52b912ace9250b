"""Restarts and renewals under load lose nothing; the long form is ``make soak``."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests import demo
from tests.host.bundles import ENVOY
from tests.host.demonstration import demonstrate
from tests.host.load import Load, Report
from tests.host.load.mix import SHORT, Mix, mixed
from tests.host.running import Running
from tests.host.variants import broken


def nothing_failed(report: Report) -> None:
    """No HTTP request failed, of every kind of client some were answered."""
    assert not report.failed, report.summary()
    assert all(tally.answered for tally in report.tallies), report.summary()


@pytest.fixture(name="site")
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A site whose certificates are taken up as the test asks."""
    with Running(reload=getattr(request, "param", "hot-restart")) as site:
        yield site


def clients(site: Running) -> Mix:
    """Clients of every kind."""
    return mixed(site.http, site.https, SHORT)


def test_reloads(site: Running) -> None:
    """Three hot restarts in a row, each to a new version and one with a new certificate besides."""
    with Load(*clients(site)) as load:
        load.warm()
        for number in (1, 2, 3):
            site.renew("site")
            verdict = site.deploy(f"v{number}")
            assert verdict["ok"], verdict
            load.served(f"v{number}")
        site.drained()
    nothing_failed(load.report)
    assert set(load.report.versions) == {"v0", "v1", "v2", "v3"}
    assert len(load.report.certificates) == 4
    assert all(count <= 3 for count in load.report.cuts.values()), load.report.cuts


@pytest.mark.parametrize("site", ["watch"], indirect=True)
def test_watched_certificate(site: Running) -> None:
    """A new certificate is served as soon as it is published, and no connection notices."""
    pid = site.status()["pid"]
    with Load(*clients(site)) as load:
        before = set(load.warm().certificates)
        site.renew("site")
        changed = load.until(lambda report: len(report.certificates) == 2).requests
        load.until(lambda report: report.requests > changed + 50)
    nothing_failed(load.report)
    assert not load.report.closings, load.report.summary()
    assert not load.report.cuts
    (old,), (new,) = before, set(load.report.certificates) - before
    assert load.report.certificates[new].first > load.report.certificates[old].first
    assert site.status()["pid"] == pid


def test_bad_configuration(site: Running) -> None:
    """A configuration that Envoy refuses changes nothing for anybody."""
    with Load(*clients(site)) as load:
        load.warm()
        verdict = site.deploy("bad", broken)
        assert not verdict["ok"]
        assert verdict["code"].startswith("EGC51")
        seen = load.report.requests
        load.until(lambda report: report.requests > seen + 50)
    nothing_failed(load.report)
    assert not load.report.closings
    assert set(load.report.versions) == {"v0"}


def test_demonstration() -> None:
    """What `make demo` ends with: the programs of a built bundle, among them certbot's deploy hook, under load."""
    for result in demonstrate(demo.PLATFORM, partial(demo.build, quiet=True), ENVOY):
        assert result.good, f"{result}\n{result.report.summary()}"
        nothing_failed(result.report)
