"""The compose target as files: what the specification, the shell and the rules for images say of them."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from egc.artifacts import templates
from egc.artifacts.shipped import shipped
from tests.host.containers import composer
from tests.needs import need

FOLDERS = ("--run-dir", "/run/egc", "--state-dir", "/var/lib/egc")
"""Where the supervisor finds its last good configuration if it cannot read the bundle."""

PLAIN: dict[str, Any] = {
    "site": "shop",
    "version": "1.40.0",
    "user": "900",
    "run": "/run/egc",
    "state": "/var/lib/egc",
    "textfile": "/var/lib/egc/metrics",
    "current": "/opt/egc/shop/current",
    "certificates": "/etc/egc/tls",
    "acme": False,
    "lineages": [],
    "capabilities": [],
    "open_files": 104096,
    "memory": None,
    "stop_drain_time": 5,
    "logs": [],
    "paths": [],
    "packages": [],
    "secrets": [],
    "ports": [{"published": 8080, "listener": 8080, "protocol": "tcp"}],
    "container": {},
}
FULL = PLAIN | {
    "acme": True,
    "lineages": ["api", "shop"],
    "capabilities": ["CAP_NET_BIND_SERVICE"],
    "memory": 2**29,
    "logs": ["/var/log/shop/access.log", "/var/log/shop/errors.log"],
    "paths": [
        "/etc/egc/tls/shop/current/privkey.pem",
        "/etc/letsencrypt/live/old/fullchain.pem",
        "/etc/letsencrypt/live/old/privkey.pem",
        "/etc/pki/shop.pem",
        "/run/app/app.sock",
        "/var/log/shop/access.log",
    ],
    "packages": ["python3-certbot-dns-rfc2136"],
    "secrets": ["/etc/certbot/rfc2136.ini"],
    "ports": [
        {"published": 80, "listener": 80, "protocol": "tcp"},
        {"published": 443, "listener": 8443, "protocol": "tcp"},
        {"published": 443, "listener": 8443, "protocol": "udp"},
    ],
    "container": {"labels": {'"team"': '"web"'}, "annotations": {'"example.com/price"': '"$$5"'}},
}


def render(values: dict[str, Any]) -> dict[str, str]:
    """The files of the target."""
    return templates.render("compose", values)


def interpolated(text: str) -> str:
    """A compose file with the defaults of its variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def services(values: dict[str, Any]) -> dict[str, Any]:
    """The services, as a program for compose files sees them."""
    found: dict[str, Any] = yaml.safe_load(interpolated(render(values)["compose.yaml"]))["services"]
    return found


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """What a service sees of host and volumes: "ro" or "rw", by source."""
    found = {}
    for volume in service["volumes"]:
        if isinstance(volume, str):
            source, _, options = (volume + ":").split(":")[:3]
            found[source] = "ro" if "ro" in options.split(",") else "rw"
        else:
            found[volume["source"]] = "ro" if volume["read_only"] else "rw"
    return found


@pytest.mark.parametrize("values", [PLAIN, FULL], ids=["plain", "full"])
def test_specification_allows_it(values: dict[str, Any]) -> None:
    """The Compose specification knows every key and every value, and no volume or network is undeclared."""
    text = interpolated(render(values)["compose.yaml"])
    compose = PyCompose.from_yaml(text)
    compose.validate()
    used = {name for service in services(values).values() for name in mounts(service) if not name.startswith("/")}
    assert used == set(yaml.safe_load(text)["volumes"])


@pytest.mark.parametrize("values", [PLAIN, FULL], ids=["plain", "full"])
def test_podman_compose_reads_it(values: dict[str, Any], tmp_path: Path) -> None:
    """So does a program for such files, with the variables and without."""
    (tmp_path / "compose.yaml").write_text(render(values)["compose.yaml"], encoding="utf-8")
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.0.0\n", encoding="utf-8")
    podman.chmod(0o755)
    command = [composer(), "--podman-path", str(podman), "--file", str(tmp_path / "compose.yaml"), "config"]
    for bundle, source in ((None, "/opt/egc/shop"), (f"{tmp_path}:/opt/egc/shop/current", str(tmp_path))):
        environment = os.environ | ({"EGC_BUNDLE": bundle} if bundle else {})
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert source in mounts(yaml.safe_load(done.stdout)["services"]["gateway"])


def test_gateway_is_confined() -> None:
    """Envoy's container has no capability, writes to its own volumes only, and sees no key but those published."""
    gateway = services(FULL)["gateway"]
    assert gateway["cap_drop"] == ["ALL"]
    assert "cap_add" not in gateway and gateway["read_only"] and gateway["user"] == "900:900"
    assert gateway["security_opt"] == ["no-new-privileges:true"]
    seen = mounts(gateway)
    assert {name for name, access in seen.items() if access == "rw"} == {"run", "state", "logs1"}
    # Folders, since a mounted file stays what it is when another is renamed to its name.
    assert set(seen) - {"run", "state", "logs1"} == {
        "/opt/egc/shop",
        "/etc/egc/tls",
        "/etc/letsencrypt",
        "/etc/pki",
        "/run/app",
    }


def test_only_certbot_sees_its_secrets() -> None:
    """Credentials and account are certbot's; it has the network of the gateway, where Envoy finds it."""
    found = services(FULL)
    holders = {
        name for name, service in found.items() if {"letsencrypt", "/etc/certbot/rfc2136.ini"} & set(mounts(service))
    }
    assert holders == {"certbot"}
    assert found["certbot"]["network_mode"] == "service:gateway"
    assert mounts(found["certbot"])["/etc/egc/tls"] == mounts(found["prepare"])["/etc/egc/tls"] == "rw"
    assert all("ALL" in service["cap_drop"] for service in found.values())


def test_no_more_than_is_needed() -> None:
    """No certbot without ACME, no placeholders without lineages, no low ports without one."""
    plain, full = services(PLAIN), services(FULL)
    assert set(plain) == {"gateway"}
    assert set(services(PLAIN | {"lineages": ["shop"]})) == {"gateway", "prepare"}
    assert "net.ipv4.ip_unprivileged_port_start" not in plain["gateway"]["sysctls"]
    assert full["gateway"]["sysctls"]["net.ipv4.ip_unprivileged_port_start"] == 0
    assert full["gateway"]["ports"] == ["80:80", "443:8443", "443:8443/udp"]
    assert "certbot" not in render(PLAIN)["Containerfile"]


def test_room_for_two_generations() -> None:
    """Memory suffices while the old Envoy drains, and a stop waits for its requests."""
    gateway = services(FULL)["gateway"]
    assert gateway["mem_limit"] > 2 * FULL["memory"]
    assert int(gateway["stop_grace_period"].removesuffix("s")) > FULL["stop_drain_time"]
    assert gateway["ulimits"]["nofile"] == FULL["open_files"]
    assert "mem_limit" not in services(PLAIN)["gateway"]


def test_gateway_waits_for_placeholders(tmp_path: Path) -> None:
    """It starts when every lineage has a pair, and not before."""
    values = FULL | {"certificates": str(tmp_path), "current": "now"}
    command = services(values)["gateway"]["command"]
    (tmp_path / "egc-envoy").write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    (tmp_path / "egc-envoy").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "api" / "current").mkdir(parents=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        (tmp_path / "shop" / "current").mkdir(parents=True)
        assert process.communicate(timeout=30)[0] == f"run now {' '.join(FOLDERS)}\n"


@pytest.mark.parametrize("values", [PLAIN, FULL], ids=["plain", "full"])
def test_image(values: dict[str, Any], tmp_path: Path) -> None:
    """Base images have a tag and a registry; the shell is sound; what runs is not root, and gets signals itself."""
    text = render(values)["Containerfile"].replace("\\\n", "")
    steps = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    arguments = dict(step[1].split("=", 1) for step in steps if step[0] == "ARG")
    assert all(
        re.fullmatch(r"[\w.]+\.io/[\w./-]+:[\w.-]*\d[\w.-]*|.*trixie-slim", image) for image in arguments.values()
    )
    assert arguments["EGC_ENVOY_IMAGE"].endswith(":v1.40.0")
    assert {step[0] for step in steps} == {"ARG", "FROM", "RUN", "COPY", "USER", "STOPSIGNAL", "CMD"}
    assert [step[1] for step in steps if step[0] == "USER"][-1] == "900:900"
    assert json.loads(steps[-1][1]) == ["egc-envoy", "run", "/opt/egc/shop/current", *FOLDERS]
    script = tmp_path / "run.sh"
    script.write_text("\n".join(["#!/bin/sh", *(step[1] for step in steps if step[0] == "RUN")]), encoding="utf-8")
    # SC2086: the list of packages is to be split.
    judged = [need("shellcheck"), "--exclude=SC2086", str(script)]
    done = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_of_the_builder_is_in_it(tmp_path: Path) -> None:
    """Neither a folder of the machine that built, nor a key of the site."""
    site = tmp_path / "site"
    for name, text in templates.render(
        "init", {"target": "compose", "domain": "shop.example", "secret": "shop"}
    ).items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "egc", "build", str(site / "site"), "--profile", str(site / "egc.yaml")]
    done = subprocess.run([*command, "-o", str(tmp_path / "dist")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("compose.yaml", "Containerfile", "host.json"):
        text = (tmp_path / "dist" / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text and "PRIVATE KEY" not in text
    assert json.loads((tmp_path / "dist" / "host.json").read_text(encoding="utf-8"))["envoy"]["user"] == "900"


class Loop:
    """certbot's loop, with programs that only take down what they were asked."""

    def __init__(self, folder: Path, *, network: bool = True) -> None:
        self.folder = folder
        self.interface = folder / "net" / "eth0"
        (folder / "net" / "lo").mkdir(parents=True)
        if network:
            self.interface.mkdir()
        for name, status in (("egc-envoy", 0), ("egc-site", 1)):
            path = folder / name
            path.write_text(f'#!/bin/sh\necho "$@" >>{folder}/asked\nexit {status}\n', encoding="utf-8")
            path.chmod(0o755)
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "EGC_INTERFACES": str(folder / "net"),
            "EGC_PERIOD": "1",
            "EGC_STEP": "1",
        }
        script = str(shipped("templates") / "compose" / "bin" / "egc-certbot-loop")
        self.process = subprocess.Popen(["sh", script], env=environment, stderr=subprocess.PIPE, text=True)

    def asked(self, count: int) -> list[str]:
        """What egc-site was asked, once that is *count* things."""
        deadline = time.monotonic() + 30
        while True:
            path = self.folder / "asked"
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            found = [line for line in lines if line.startswith("certs ")]
            if len(found) >= count:
                return found[:count]
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

    def end(self) -> tuple[int, str]:
        """Exit code and what it said."""
        try:
            said = self.process.communicate(timeout=30)[1]
        finally:
            self.process.kill()
        return self.process.returncode, said


def test_loop_is_sound() -> None:
    """shellcheck finds nothing."""
    script = shipped("templates") / "compose" / "bin" / "egc-certbot-loop"
    done = subprocess.run([need("shellcheck"), str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_loop_goes_on_whatever_fails(tmp_path: Path) -> None:
    """Each round issues what is missing and publishes; not each one renews; a signal ends it."""
    loop = Loop(tmp_path)
    try:
        first, later = ["certs issue", "certs renew", "certs sync"], ["certs issue", "certs sync"]
        assert loop.asked(7) == [*first, *later, *later]
    finally:
        loop.process.terminate()
        assert loop.end()[0] == 0


def test_loop_ends_with_its_network(tmp_path: Path) -> None:
    """Without a network it asks for nothing, and ends so that it is started again."""
    code, said = Loop(tmp_path, network=False).end()
    assert (code, "the network is gone" in said) == (1, True)
    assert "certs" not in (tmp_path / "asked").read_text(encoding="utf-8")


def test_loop_notices_that_its_network_went(tmp_path: Path) -> None:
    """The same, later."""
    loop = Loop(tmp_path)
    loop.asked(3)
    loop.interface.rmdir()
    assert loop.end()[0] == 1
