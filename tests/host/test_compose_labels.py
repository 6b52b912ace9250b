"""Labels and annotations of the container that Envoy runs in: those that all Gateways agree on."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from egc.compiler import build
from egc.diagnostics import Sink
from egc.options import OnError, Options
from tests.host.containers import composer
from tests.host.test_compose import interpolated

CLASS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
"""
SECURE = "{name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: shop}]}}"
WELL_KNOWN = "gateway.networking.k8s.io/gateway"
HOSTILE = {
    "dollar": "$HOME ${HOME} $$HOME $${HOME} $",
    "quotes": '"it\'s" \\ \\n',
    "yaml": "- {a: [b]} # c: &d *e !f | > % @ `",
    "jinja": "{{ site }} {% if x %}",
    "lines": " one\n\n  two\r\n\tthree\n\n",
    "letters": "é \u2028 \x85 \u200b \U0001f600",
    "empty": "",
    "no": "no",
    "number": "007",
}
"""Values of annotations that mean something to somebody on their way."""


def gateway(name: str, port: int, infrastructure: dict[str, Any], more: str = "") -> str:
    """A Gateway with one listener or several."""
    spec = {"gatewayClassName": "eg", "infrastructure": infrastructure}
    listeners = f"[{{name: http, protocol: HTTP, port: {port}}}{more and ', '}{more}]"
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}}}
spec: {{{yaml.safe_dump(spec, default_flow_style=True, width=10**6).strip()[1:-1]}, listeners: {listeners}}}
"""


def composed(folder: Path, *gateways: str, target: str = "compose", acme: bool = False) -> dict[str, bytes]:
    """The files of a site with these Gateways."""
    profile = f"target: {target}\n"
    profile += (
        "certificates: {acme: {email: a@shop.example, lineages: {shop: {names: [shop.example]}}}}\n" if acme else ""
    )
    (folder / "egc.yaml").write_text(profile, encoding="utf-8")
    (folder / "site.yaml").write_text(CLASS + "".join(gateways), encoding="utf-8")
    options = Options((str(folder / "site.yaml"),), profile=str(folder / "egc.yaml"), on_error=OnError.DEGRADE)
    bundle = build(options, Sink()).bundle
    assert bundle is not None
    return {artifact.path: artifact.content for artifact in bundle.artifacts}


def container(folder: Path, *gateways: str) -> dict[str, dict[str, str]]:
    """What the container is told, by a reader that knows no variables."""
    text = composed(folder, *gateways)["compose.yaml"].decode()
    PyCompose.from_yaml(interpolated(text)).validate()
    service = yaml.safe_load(text)["services"]["gateway"]
    return {
        name: {key: value.replace("$$", "$") for key, value in service[name].items()}
        for name in ("labels", "annotations")
        if name in service
    }


def test_one_gateway(tmp_path: Path) -> None:
    """Its labels and annotations are the container's, with its own name and that of its class."""
    asked = {"labels": {"team": "web", "example.com/tier": "1"}, "annotations": {"example.com/owner": "web"}}
    assert container(tmp_path, gateway("shop", 80, asked)) == {
        "labels": {
            "team": "web",
            "example.com/tier": "1",
            f"{WELL_KNOWN}-name": "shop",
            f"{WELL_KNOWN}-class-name": "eg",
        },
        "annotations": {"example.com/owner": "web"},
    }


def test_several_gateways(tmp_path: Path) -> None:
    """The container has what is said once or by all alike; no name of a Gateway, since it is that of none."""
    first = {"labels": {"team": "web", "side": "a"}, "annotations": {"example.com/owner": "a", "example.com/same": "x"}}
    second = {
        "labels": {"team": "web", "side": "b"},
        "annotations": {"example.com/owner": "b", "example.com/same": "x"},
    }
    third = {"labels": {"more": "c", "com.docker.compose.service": "c"}}
    assert container(tmp_path, gateway("a", 80, first), gateway("b", 81, second), gateway("c", 82, third)) == {
        "labels": {"team": "web", "more": "c", f"{WELL_KNOWN}-class-name": "eg"},
        "annotations": {"example.com/same": "x"},
    }


def test_a_gateway_without(tmp_path: Path) -> None:
    """One that asks for nothing shares the container, so it is not only the other's."""
    assert container(tmp_path, gateway("a", 80, {"labels": {"team": "web"}}), gateway("b", 81, {})) == {
        "labels": {"team": "web", f"{WELL_KNOWN}-class-name": "eg"}
    }


def test_only_names(tmp_path: Path) -> None:
    """A Gateway that asks for no more than its own name has it, and that of its class."""
    names = {f"{WELL_KNOWN}-name": "a", f"{WELL_KNOWN}-class-name": "eg"}
    assert container(tmp_path, gateway("a", 80, {"labels": {f"{WELL_KNOWN}-name": "other"}})) == {"labels": names}


def test_nothing_asked(tmp_path: Path) -> None:
    """Without labels and annotations of Gateways the container has none."""
    assert container(tmp_path, gateway("a", 80, {})) == {}


def test_not_served(tmp_path: Path) -> None:
    """A Gateway of which nothing is served gives the container nothing, nor one with a key that no API server takes."""
    lost = gateway("a", 80, {"labels": {"team": "lost"}}).replace("protocol: HTTP,", "protocol: SCTP,")
    broken = gateway("b", 81, {"labels": {"team": "web", "-bad": "x"}, "annotations": {"fine": "x"}})
    assert container(tmp_path, lost, broken) == {}


def test_only_envoys(tmp_path: Path) -> None:
    """certbot and what prepares its folders are no part of a Gateway."""
    files = composed(tmp_path, gateway("a", 80, {"labels": {"team": "web"}}, SECURE), acme=True)
    services = yaml.safe_load(files["compose.yaml"])["services"]
    assert {name for name, service in services.items() if "labels" in service} == {"gateway"}
    assert set(services) == {"gateway", "prepare", "certbot"}


def test_units_have_none(tmp_path: Path) -> None:
    """systemd knows no labels: units do not change with them."""
    with_labels = composed(tmp_path, gateway("a", 80, {"labels": {"team": "web"}}), target="systemd")
    without = composed(tmp_path, gateway("a", 80, {}), target="systemd")
    assert {path for path in without if without[path] != with_labels[path]} == {"envoy.yaml", "manifest.json"}


def test_orders_to_the_runtime(tmp_path: Path) -> None:
    """A Gateway does not tell the container's runtime what to do, nor has what podman could not be given."""
    orders = {"run.oci.keep_original_groups": "1", "org.systemd.property.TasksMax": "uint64 1"}
    asked = {"annotations": {**orders, "example.com/nul": "a\0b", "example.com/fine": "a"}}
    assert container(tmp_path, gateway("a", 80, asked))["annotations"] == {"example.com/fine": "a"}


@pytest.mark.parametrize("name", HOSTILE)
def test_values_arrive(name: str, tmp_path: Path) -> None:
    """Each value is in the configuration and in the container as it was written."""
    asked = {"annotations": {f"example.com/{name}": HOSTILE[name]}}
    assert container(tmp_path, gateway("a", 80, asked))["annotations"] == asked["annotations"]


def test_podman_compose_reads_them(tmp_path: Path) -> None:
    """A program that knows variables puts none of them into the values."""
    annotations = {f"example.com/{name}": value for name, value in HOSTILE.items()}
    asked = {"labels": {"no": "no", "number": "007", "empty": ""}, "annotations": annotations}
    file, podman = tmp_path / "compose.yaml", tmp_path / "podman"
    file.write_bytes(composed(tmp_path, gateway("a", 80, asked))["compose.yaml"])
    podman.write_text("#!/bin/sh\necho podman version 5.0.0\n", encoding="utf-8")
    podman.chmod(0o755)
    command = [composer(), "--podman-path", str(podman), "--file", str(file), "config"]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"HOME": "/nowhere"})
    assert done.returncode == 0, done.stderr
    service = yaml.safe_load(done.stdout)["services"]["gateway"]
    assert service["annotations"] == annotations
    assert asked["labels"].items() <= service["labels"].items()
