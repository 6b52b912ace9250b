"""The bundle on a host with a real systemd: installed, reloaded, killed and stopped."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.installed import NAME, Host

pytestmark = pytest.mark.soak

SERIAL = """
import ssl, sys
print(ssl.get_server_certificate((sys.argv[1], 443)))
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that serves ports 80 and 443."""
    with Host(tmp_path_factory.mktemp("host")) as made:
        made.set_up()
        yield made


@pytest.fixture(autouse=True)
def serving(request: pytest.FixtureRequest) -> None:
    """Each test begins with a site that serves."""
    if "host" in request.fixturenames:
        host: Host = request.getfixturevalue("host")
        host.run("systemctl", "start", "egc-envoy.service")
        host.wait(host.serves)


def test_the_site_is_served_by_an_unprivileged_user(host: Host) -> None:
    """Ports below 1024 with one capability; the application's socket is reached, and requests are in the journal."""
    assert host.get(NAME, 80)[0] in {301, 302}
    assert host.get(NAME, 443) == (200, "app")
    users = host.run("ps", "-o", "user=", "-C", "envoy").split()
    assert users == ["envoy"]
    assert host.capabilities() == {f"{1 << 10:016x}"}
    host.wait(lambda: '"route_name"' in host.journal("egc-envoy.service"))
    for timer in ("egc-certbot.timer", "egc-cert-sync.timer"):
        assert host.run("systemctl", "is-active", timer) == host.run("systemctl", "is-active", "egc-envoy.service")


def test_metrics_are_for_everybody(host: Host) -> None:
    """The user of node_exporter reads both files where the profile says."""
    host.run("systemctl", "start", "egc-cert-sync.service")
    read = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat"]
    assert "egc_envoy_up 1" in host.run(*read, "/var/lib/egc/metrics/egc_envoy.prom")
    assert "egc_certificate_sync_success 1" in host.run(*read, "/var/lib/egc/metrics/egc_certificates.prom")


def test_a_reload(host: Host) -> None:
    """`systemctl reload` returns when the next epoch serves; the service never was anything but active."""
    before, pid = host.status()["epoch"], host.show("MainPID")
    host.run("systemctl", "reload", "egc-envoy.service")
    assert host.status()["epoch"] == before + 1
    assert (host.show("MainPID"), host.show("ActiveState"), host.show("ReloadResult")) == (pid, "active", "success")


def test_a_refused_reload(host: Host) -> None:
    """`systemctl reload` fails, and the old configuration serves on."""
    config = "/opt/egc/site/current/envoy.yaml"
    host.run("cp", config, "/tmp/envoy.yaml")
    host.run("sh", "-c", f"echo 'no: field' >> {config}")
    before = host.status()
    done = host.call("systemctl", "reload", "egc-envoy.service")
    assert done.returncode == 1, done.stdout
    assert "EGC5102" in host.journal("egc-envoy.service")
    after = host.status()
    assert (host.show("ActiveState"), after["pid"]) == ("active", before["pid"])
    assert host.get(NAME, 443) == (200, "app")
    host.run("sh", "-c", f"cat /tmp/envoy.yaml > {config}")
    host.run("systemctl", "reload", "egc-envoy.service")


def test_an_upgrade_of_everything(host: Host) -> None:
    """The supervisor of the first release takes up one whose programs differ from its own, and goes on."""
    bundle = host.build(302)
    _shift(bundle, "bin/egc-envoy")
    pid = host.show("MainPID")
    host.install(bundle)
    assert host.get(NAME, 80)[0] == 302
    host.run("systemctl", "reload", "egc-envoy.service")
    host.run("egc-site", "rollback")
    assert host.get(NAME, 80)[0] == 301
    assert host.show("MainPID") == pid
    assert not [one for one in host.status()["certificates"] if "problem" in one]


def test_a_stop_lets_requests_end(host: Host) -> None:
    """A request that takes two seconds is answered while the service stops; nothing is left in /run."""
    with host.start(*host.getting(NAME, 443, "/slow")) as request:
        host.wait(lambda: host.asks("test", "-e", "/run/app/asked"))
        host.run("systemctl", "stop", "egc-envoy.service")
        said, _ = request.communicate()
    assert json.loads(said) == [200, "app"]
    assert (host.show("ActiveState"), host.show("Result")) == ("inactive", "success")
    assert not host.asks("test", "-e", "/run/egc")


@pytest.mark.parametrize("victim", ["supervisor", "Envoy"])
def test_whatever_is_killed_comes_back(host: Host, victim: str) -> None:
    """The service is restarted at once, and leaves nobody behind."""
    restarts = int(host.show("NRestarts"))
    status = host.status()
    host.run("kill", "-KILL", host.show("MainPID") if victim == "supervisor" else str(status["pid"]))
    host.wait(lambda: int(host.show("NRestarts")) == restarts + 1)
    host.wait(host.serves)
    assert len(host.run("ps", "-o", "pid=", "-C", "envoy").split()) == 1
    assert host.get(NAME, 443) == (200, "app")


def test_a_supervisor_that_hangs_is_replaced(host: Host) -> None:
    """The watchdog of systemd sees that it no longer answers."""
    assert host.show("WatchdogUSec") == "30s"
    host.write("/etc/systemd/system/egc-envoy.service.d/soon.conf", "[Service]\nWatchdogSec=2s\n")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "egc-envoy.service")
    restarts = int(host.show("NRestarts"))
    host.run("kill", "-STOP", host.show("MainPID"))
    host.wait(lambda: int(host.show("NRestarts")) > restarts)
    host.wait(host.serves)
    host.run("rm", "-r", "/etc/systemd/system/egc-envoy.service.d")
    host.run("systemctl", "daemon-reload")


def test_cert_sync_is_the_alarm(host: Host) -> None:
    """A key that is gone fails the unit, `systemctl --failed` lists it, and OnFailure= of a drop-in tells somebody."""
    host.write("/etc/systemd/system/egc-cert-sync.service.d/alarm.conf", "[Unit]\nOnFailure=alarm@%N.service\n")
    host.write("/etc/systemd/system/alarm@.service", "[Service]\nType=oneshot\nExecStart=/bin/touch /run/alarm-of-%i\n")
    host.run("systemctl", "daemon-reload")
    key = "/etc/egc/tls/site/current/privkey.pem"
    host.run("mv", key, "/etc/egc/tls/away")
    assert not host.asks("systemctl", "start", "egc-cert-sync.service")
    assert "egc-cert-sync.service" in host.run("systemctl", "--failed", "--plain", "--no-legend")
    host.wait(lambda: host.asks("test", "-e", "/run/alarm-of-egc-cert-sync"))
    assert "egc_certificate_sync_success 0" in host.run("cat", "/var/lib/egc/metrics/egc_certificates.prom")
    host.run("mv", "/etc/egc/tls/away", key)
    host.run("systemctl", "start", "egc-cert-sync.service")
    assert not host.run("systemctl", "--failed", "--plain", "--no-legend")


def test_a_certificate_is_issued_and_renewed(host: Host) -> None:
    """certbot can do what it must in its unit, to the hook that publishes; Envoy takes it up without a reload."""
    host.run("systemctl", "start", "egc-certbot.service")  # before the first issuance it has nothing to do
    host.authority()
    epoch, placeholder = host.status()["epoch"], host.run("python3", "-c", SERIAL, NAME)
    host.run("egc-site", "certs", "issue")
    host.wait(lambda: host.run("python3", "-c", SERIAL, NAME) != placeholder)
    first = host.run("python3", "-c", SERIAL, NAME)
    settings = "/etc/letsencrypt/renewal/site.conf"
    host.run("sed", "-i", "1i renew_before_expiry = 9999 days", settings)
    host.run("systemctl", "start", "egc-certbot.service")
    host.wait(lambda: host.run("python3", "-c", SERIAL, NAME) != first)
    assert host.status()["epoch"] == epoch
    host.run("systemctl", "start", "egc-cert-sync.service")
    host.run("sed", "-i", "1d", settings)


def test_high_ports_need_no_capability(tmp_path: Path) -> None:
    """Nobody in the service has any, in a user namespace of its own; certificates and reloads work the same."""
    with Host(tmp_path, ports=(8080, 8443)) as host:
        host.set_up()
        assert host.get(NAME, 8080)[0] == 301
        assert host.capabilities() == {"0" * 16}
        host.run("systemctl", "reload", "egc-envoy.service")
        host.wait(host.serves)
        host.run("systemctl", "start", "egc-cert-sync.service")


def _shift(bundle: Path, name: str) -> None:
    """Put something else first in a program, so that nothing in it is where it was."""
    program = bundle / name
    content = program.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as old, program.open("wb") as file:
        file.write(content[: content.index(b"PK\x03\x04")])
        with zipfile.ZipFile(file, "a") as new:
            new.writestr("first", os.urandom(4096))
            for entry in old.infolist():
                new.writestr(entry, old.read(entry))
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"][name]["sha256"] = hashlib.sha256(program.read_bytes()).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
