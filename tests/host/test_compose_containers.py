"""The compose target in real containers: up, issue, reload, refuse, renew, survive, down, with requests under way."""

import hashlib
import json
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from egc_host.certificates.x509 import Description, served

from tests.host.composed import NAME, Composed
from tests.host.containers import engine
from tests.host.load import Load
from tests.host.load.mix import Times, encrypted
from tests.needs import need

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """The site, built and installed; the tests go through its life in their order."""
    need("pebble")
    folder = tmp_path_factory.mktemp("compose")
    with engine(folder / "engine") as podman:
        composed = Composed(folder / "host", podman)
        with composed.gone():
            yield composed


def ask(site: Composed, path: str = "/", **headers: str) -> tuple[int, str]:
    """Status of an answer over HTTPS, and the version that it carries."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", site.https), 10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as connection,
    ):
        connection.settimeout(30)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head and (part := connection.recv(4096)):
            head += part
    version = re.search(rb"x-version: (\S+)", head)
    return int(head.split()[1]), version[1].decode() if version else ""


def presented(site: Composed) -> Description | None:
    """The certificate that is served."""
    try:
        return served("127.0.0.1", site.https, NAME)
    except OSError:
        return None


def authentic(site: Composed, old: Description | None = None) -> bool:
    """Whether a certificate is served, neither a placeholder nor *old*."""
    found = presented(site)
    return found is not None and not found.placeholder and found != old


def test_up_is_enough_on_a_fresh_host(site: Composed) -> None:
    """A placeholder first, then the authority's certificate, without a step by hand; requests reach both backends."""
    done = site.install(site.build("v1"))
    assert done.returncode == 0, done.stderr
    assert "up --detach --build" in done.stdout
    site.forget_certificates()
    site.compose("up", "--detach", "--build")
    assert "placeholder" in site.logs("prepare")
    site.wait(lambda: authentic(site), "issued")
    site.wait(lambda: reaches(site), "reached")
    assert [ask(site, path) for path in ("/", "/auth/realms/main")] == [(200, "v1"), (200, "v1")]
    with pytest.raises(urllib.error.HTTPError) as refused:
        no_redirect().open(f"http://127.0.0.1:{site.http}/", timeout=10)
    assert refused.value.code == 301
    refused.value.close()


def test_containers_are_confined(site: Composed) -> None:
    """The supervisor is the first process, without a capability; certbot's keys are not in its sight."""
    inside = site.inside(
        "gateway", "sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; cat /proc/1/status; ls /etc/letsencrypt||:"
    )
    assert "egc-envoy run" in inside.splitlines()[0]
    assert re.search(r"^CapBnd:\t0+$", inside, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", inside, re.MULTILINE)
    assert re.search(r"^Uid:\t900\t900\t900\t900$", inside, re.MULTILINE)
    assert "accounts" not in inside
    assert "accounts" in site.inside("certbot", "ls", "/etc/letsencrypt")
    site.engine.run("healthcheck", "run", site.container("gateway"))


def test_new_build_is_taken_under_load(site: Composed) -> None:
    """install.sh switches the release and the container takes it, programs and all: no request fails."""
    dist = site.build("v2")
    other_programs(dist)
    before = site.status()
    with Load(*encrypted(site.target, Times(slow=1, stream=2, idle=1))) as load:
        load.warm()
        done = site.install(dist)
        assert done.returncode == 0, done.stderr
        site.wait(lambda: not site.status()["draining"], "drained")
    print(load.report.summary())  # noqa: T201 - pytest -rP shows the figures
    assert load.report.failed == []
    assert ask(site) == (200, "v2")
    after = site.status()
    assert after["epoch"] == before["epoch"] + 1
    # What it looks at now it looks at with modules that it had not needed before.
    site.wait(lambda: [found["placeholder"] for found in site.status()["certificates"]] == [False], "looked at anew")
    assert after["digest"] == site.current.readlink().name != before["digest"]


def test_signal_reloads(site: Composed) -> None:
    """HUP for the first process does what `egc-envoy reload` does."""
    before = site.status()
    site.compose("kill", "--signal", "HUP", "gateway")
    site.wait(lambda: site.status()["epoch"] == before["epoch"] + 1, "reloaded")
    site.wait(lambda: not site.status()["draining"], "drained")


def test_bad_build_is_refused(site: Composed) -> None:
    """What Envoy refuses never serves; the release before stays current."""
    served = site.current.readlink()
    dist = site.build("v3")
    damage(dist)
    done = site.install(dist)
    assert done.returncode == 1
    assert "EGC51" in done.stderr
    assert site.current.readlink() == served
    assert ask(site) == (200, "v2")
    assert site.status()["reloads"]["refused"] == 1


def test_renewal_under_load(site: Composed) -> None:
    """A renewed certificate is served without a restart, and no request fails."""
    before, old = site.status(), presented(site)
    with Load(*encrypted(site.target, Times(slow=1, stream=2, idle=1))) as load:
        load.warm()
        site.inside("certbot", "egc-site", "certs", "renew", "--force")
        site.wait(lambda: authentic(site, old), "renewed")
    print(load.report.summary())  # noqa: T201 - pytest -rP shows the figures
    assert load.report.failed == []
    assert load.report.cuts == {}
    assert site.status()["epoch"] == before["epoch"]


def test_envoy_dies(site: Composed) -> None:
    """When Envoy dies its container starts again, and the next renewal works."""
    process, old = site.status()["pid"], presented(site)
    site.inside("gateway", "python3", "-c", f"import os; os.kill({process}, 9)")
    site.wait(lambda: reaches(site), "answers again")
    site.inside("certbot", "egc-site", "certs", "renew", "--force")
    site.wait(lambda: authentic(site, old), "renewed")


def test_down_finishes_requests(site: Composed) -> None:
    """A request that is under way when the gateway is stopped gets its answer."""
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: answers.append(ask(site, "/slow?seconds=3")))
    asking.start()
    site.wait(lambda: site.active() > 0, "asked")
    site.compose("stop", "gateway")
    asking.join(30)
    assert answers == [(200, "v2")]
    assert site.engine.run("inspect", "--format", "{{.State.ExitCode}}", site.container("gateway")).strip() == "0"


def no_redirect() -> urllib.request.OpenerDirector:
    """An opener that takes a redirect for an answer."""

    class Stay(urllib.request.HTTPRedirectHandler):
        """Goes nowhere."""

        def redirect_request(self, *_: object) -> None:
            """None: not followed."""

    return urllib.request.build_opener(Stay)


def reaches(site: Composed) -> bool:
    """Whether the site answers."""
    try:
        return ask(site)[0] == 200
    except (OSError, IndexError, ValueError):
        return False


def other_programs(dist: Path) -> None:
    """Let everything in the programs of a bundle lie elsewhere, as in those of another version."""
    path = dist / "bin" / "egc-envoy"
    with zipfile.ZipFile(path) as archive:
        files = [(entry, archive.read(entry)) for entry in archive.infolist()]
    path.write_bytes(b"#!/usr/bin/env -S python3 -IS\n")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("egc_host/other.txt", "another version " * 1000)
        for entry, content in files:
            archive.writestr(entry, content)
    relist(dist, "bin/egc-envoy")


def damage(dist: Path) -> None:
    """Let the configuration of a bundle say what Envoy does not know."""
    path = dist / "envoy.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nno_such_field: 1\n", encoding="utf-8")
    relist(dist, "envoy.yaml")


def relist(dist: Path, name: str) -> None:
    """Let the manifest say that a file was built as it is."""
    path = dist / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["files"][name]["sha256"] = hashlib.sha256((dist / name).read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest), encoding="utf-8")
