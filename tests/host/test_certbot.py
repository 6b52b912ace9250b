"""Issuance and renewal with a real certbot, a real CA and a real Envoy."""

import itertools
import os
import subprocess
from pathlib import Path

import pytest
from egc_host.findings import certificates as findings

from tests.host.acme import HMAC, Authority
from tests.host.issuing import CERTBOTS, Site
from tests.needs import need

OLD, NEW = CERTBOTS
LINEAGES = ("one", "two", "three")


def assert_issued(site: Site, before: dict[str, str]) -> None:
    """Every lineage is served with another certificate than before, the CA's, and it is the one on disk."""
    for name, row in site.listed().items():
        assert row["servedMatches"] is True and row["findings"] == [], row
        assert "Pebble" in row["certificate"]["issuer"]
        assert row["served"] != [before[name]]


def test_first_issuance_and_renewals(tmp_path: Path) -> None:
    """On a fresh host one command replaces the placeholder; a failed hook is told and repaired."""
    certbot = need(OLD)
    authority = Authority(tmp_path)
    with Site(authority, reload="watch") as site, authority.asking(site.layout.http):
        assert site.served("site").placeholder
        assert findings.PLACEHOLDER.code in site.certs("check").stdout
        before = site.serials()
        issued = site.certs("issue", "--certbot", certbot)
        assert issued.returncode == 0 and "issued serial" in issued.stdout, issued.stdout
        assert len(issued.stdout.splitlines()) == 2, issued.stdout
        assert_issued(site, before)
        site.supervised.until(lambda: not site.status()["certificates"][0]["placeholder"])
        again = site.certs("issue", "--certbot", certbot)
        assert again.returncode == 0 and "certbot has it" in again.stdout

        # The hook may not write: certbot says nothing of it.
        before = site.serials()
        folder = site.layout.certificates / "site"
        folder.chmod(0o777)
        renewed = site.certs("renew", "--force", "--certbot", certbot)
        assert renewed.returncode == 1 and findings.HOOK_FAILED.code in renewed.stdout, renewed.stdout
        assert site.serials() == before and "sync_success 0" in site.metrics()
        folder.chmod(0o750)
        repaired = site.certs("sync")
        assert repaired.returncode == 1 and "published serial" in repaired.stdout, repaired.stdout
        assert_issued(site, before)
        quiet = site.certs("sync")
        assert quiet.returncode == 0 and not quiet.stdout
        assert "sync_success 1" in site.metrics() and 'served_matches{lineage="site"} 1' in site.metrics()
        assert site.reloads() == 0


def rounds(site: Site, certbot: str) -> list[int]:
    """Issue all lineages, then renew them; the reloads that each took."""
    reloads = [site.reloads()]
    for command in (["issue"], ["renew", "--force"]):
        site.drained()
        before = site.serials()
        done = site.certs(*command, "--certbot", certbot)
        assert done.returncode == 0, done.stdout
        assert_issued(site, before)
        reloads.append(site.reloads())
    return [after - before for before, after in itertools.pairwise(reloads)]


def test_two_lineages_with_hot_restart(tmp_path: Path) -> None:
    """However many lineages a run of certbot renews, Envoy is restarted once."""
    authority = Authority(tmp_path)
    with Site(authority, reload="hot-restart", lineages=LINEAGES[:2]) as site, authority.asking(site.layout.http):
        assert rounds(site, need(NEW)) == [1, 1]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("certbot", "reload", "expected"),
    [(OLD, "hot-restart", 1), (NEW, "hot-restart", 1), (OLD, "watch", 0), (NEW, "watch", 0)],
)
def test_three_lineages(tmp_path: Path, certbot: str, reload: str, expected: int) -> None:
    """With `watch` Envoy is never restarted, with either certbot."""
    authority = Authority(tmp_path)
    with Site(authority, reload=reload, lineages=LINEAGES) as site, authority.asking(site.layout.http):
        assert rounds(site, need(certbot)) == [expected, expected]


@pytest.mark.soak
@pytest.mark.parametrize("certbot", CERTBOTS)
def test_account_binding(tmp_path: Path, certbot: str) -> None:
    """The CA gets the key; neither the output nor a file of certbot's holds it."""
    authority, key = Authority(tmp_path, bound=True), tmp_path / "hmac"
    with Site(authority, reload="watch", eab=key) as site, authority.asking(site.layout.http):
        lacking = site.certs("issue", "--certbot", need(certbot))
        assert lacking.returncode == 1 and findings.NO_EAB.code in lacking.stdout
        key.write_text(f"{HMAC}\n", encoding="ascii")
        issued = site.certs("issue", "--certbot", certbot, "-v")
        assert issued.returncode == 0 and HMAC not in issued.stdout, issued.stdout
        written = [path for path in site.layout.root.rglob("*") if path.is_file() and not path.is_symlink()]
        assert not [path for path in written if HMAC.encode() in path.read_bytes()]


@pytest.mark.soak
@pytest.mark.parametrize("certbot", CERTBOTS)
def test_a_renewal_that_fails(tmp_path: Path, certbot: str) -> None:
    """What the CA refuses is told until it works again; what it grants is served all the same."""
    authority = Authority(tmp_path)
    with Site(authority, reload="watch", lineages=("one", "two")) as site, authority.asking(site.layout.http):
        assert site.certs("issue", "--certbot", need(certbot)).returncode == 0
        before = site.serials()
        authority.resolve("two.test", "127.0.0.2")
        failed = site.certs("renew", "--force", "--certbot", certbot)
        assert failed.returncode == 1 and findings.RENEWAL_FAILED.code in failed.stdout, failed.stdout
        assert site.certs("sync").returncode == 1
        after = site.serials()
        assert after["one"] != before["one"] and after["two"] == before["two"]
        authority.resolve("two.test", "127.0.0.1")
        assert site.certs("renew", "--force", "--certbot", certbot).returncode == 0
        assert site.serials()["two"] != before["two"]


@pytest.mark.soak
def test_a_lineage_made_without_hooks(tmp_path: Path) -> None:
    """Debian 12's certbot runs no hooks from folders at an issuance: what it issued is published by the timer."""
    authority = Authority(tmp_path)
    with Site(authority, reload="watch") as site, authority.asking(site.layout.http):
        folders = [("--config-dir", site.config), ("--work-dir", tmp_path / "w"), ("--logs-dir", tmp_path / "l")]
        made = [text for option, path in folders for text in (option, os.fspath(path))]
        port = ["--http-01-address", "127.0.0.1", "--http-01-port", str(site.layout.acme_port), "--standalone"]
        who = ["--server", authority.url, "--agree-tos", "--register-unsafely-without-email", "--non-interactive"]
        what = ["--cert-name", "site", "-d", "site.test"]
        subprocess.run(
            [need(OLD), "certonly", *made, *port, *who, *what],
            env=os.environ | {"REQUESTS_CA_BUNDLE": os.fspath(authority.trust)},
            check=True,
            capture_output=True,
        )
        before = site.serials()
        synced = site.certs("sync")
        assert synced.returncode == 0 and findings.BEHIND.code in synced.stdout, synced.stdout
        assert_issued(site, before)
