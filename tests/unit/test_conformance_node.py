"""What stands in for a cluster's kubelet and controllers beside the conformance suite."""

import base64
import copy
import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import containers, endpoints, workloads
from tests.conformance.unsupported import UnsupportedError

Object = dict[str, Any]

DEPLOYMENT: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "tcp-backend", "namespace": "infra", "uid": "one"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "tcp-backend"}},
        "strategy": {"type": "RollingUpdate"},
        "template": {
            "metadata": {"labels": {"app": "tcp-backend"}},
            "spec": {
                "containers": [
                    {
                        "name": "echo",
                        "image": "registry.k8s.io/gateway-api/echo-basic:v1.5.1",
                        "env": [
                            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                            {"name": "TLS_SERVER_CERT", "value": "/etc/tls/crt"},
                            {"name": "OTHER", "value": "/etc/tls-not"},
                        ],
                        "volumeMounts": [{"name": "keys", "mountPath": "/etc/tls"}],
                    }
                ],
                "volumes": [
                    {"name": "keys", "secret": {"secretName": "tls", "items": [{"key": "tls.crt", "path": "crt"}]}}
                ],
            },
        },
    },
}
SECRET: Object = {
    "kind": "Secret",
    "metadata": {"name": "tls", "namespace": "infra"},
    "data": {"tls.crt": base64.b64encode(b"certificate").decode(), "tls.key": ""},
}


def changed(item: Object, value: Any, *path: str | int) -> Object:
    """A copy that has *value* at *path*."""
    copied = copy.deepcopy(item)
    place: Any = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copied


def pod(*, at: str = "10.244.0.2", ready: bool = True, **labels: str) -> Object:
    """A Pod as it serves."""
    return {
        "kind": "Pod",
        "metadata": {"name": f"pod-{at}", "namespace": "infra", "uid": f"uid-{at}", "labels": labels},
        "spec": {"nodeName": "conformance"},
        "status": {"podIP": at, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def service(**spec: Any) -> Object:
    """A Service that selects ``app: web``."""
    ports = [
        {"name": "http", "port": 8080, "targetPort": 3000, "protocol": "TCP"},
        {"name": "h2c", "port": 8081, "targetPort": 3001, "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"},
    ]
    metadata = {"name": "web", "namespace": "infra", "uid": "web", "labels": {"mine": "yes"}}
    return {"kind": "Service", "metadata": metadata, "spec": {"selector": {"app": "web"}, "ports": ports, **spec}}


def names(deployment: Object) -> list[str]:
    """The names of a Deployment's Pods."""
    return [item["metadata"]["name"] for item in workloads.pods(deployment, "here")]


def written(item: Object, folder: Path) -> containers.Command:
    """The command of a Pod whose volumes are in *folder*."""
    containers.write(item, [SECRET], folder)
    return containers.command(item, folder, Path("/programs"))


def test_names_of_pods() -> None:
    """The suite finds a Pod's Deployment by cutting two parts off its name."""
    assert len(names(DEPLOYMENT)) == len(set(names(DEPLOYMENT))) == 2
    assert all(re.fullmatch(r"tcp-backend-[a-z0-9]{10}-[a-z0-9]{5}", name) for name in names(DEPLOYMENT))
    assert names(DEPLOYMENT) == names(copy.deepcopy(DEPLOYMENT))


@pytest.mark.parametrize("path", [("metadata", "uid"), ("spec", "template", "spec", "containers", 0, "image")])
def test_other_pods(path: tuple[str | int, ...]) -> None:
    """A Deployment's successor has Pods of its own, and so has its next version."""
    assert not set(names(DEPLOYMENT)) & set(names(changed(DEPLOYMENT, "other", *path)))


def test_pods() -> None:
    """A Pod has the template's labels, and is on the node."""
    item = workloads.pods(DEPLOYMENT, "here")[0]
    assert item["metadata"]["labels"].items() >= {"app": "tcp-backend"}.items()
    assert item["spec"]["nodeName"] == "here"
    with pytest.raises(UnsupportedError, match="Deployment tcp-backend: paused"):
        workloads.pods(changed(DEPLOYMENT, {"for": "ever"}, "spec", "paused"), "here")


def test_differences_of_pods() -> None:
    """Pods of Deployments are created and deleted, others are left alone."""
    wanted = workloads.pods(DEPLOYMENT, "here")
    old = workloads.pods(changed(DEPLOYMENT, "gone", "metadata", "uid"), "here")
    assert workloads.differences(wanted, []) == (wanted, [])
    assert workloads.differences(wanted, [pod(), wanted[1], *old]) == (wanted[:1], old)
    assert workloads.differences([], wanted) == ([], wanted)


def test_command(tmp_path: Path) -> None:
    """Paths below a mount lead to the volume's folder, fields are filled in, and nothing else is in the environment."""
    item = workloads.pods(DEPLOYMENT, "here")[0]
    with pytest.raises(containers.MissingError, match="Secret tls"):
        containers.write(item, [changed(SECRET, "elsewhere", "metadata", "namespace")], tmp_path)
    with pytest.raises(containers.MissingError, match=r"Secret tls, key tls\.crt"):
        containers.write(item, [changed(SECRET, {}, "data")], tmp_path)
    found = written(item, tmp_path)
    assert found.arguments == ("/programs/echo-basic",)
    certificate = Path(found.environment.pop("TLS_SERVER_CERT"))
    assert (certificate.read_bytes(), list(certificate.parent.iterdir())) == (b"certificate", [certificate])
    assert found.environment == {"POD_NAME": item["metadata"]["name"], "OTHER": "/etc/tls-not"}


def test_command_of_another_image(tmp_path: Path) -> None:
    """A ConfigMap without a choice of keys is written in full, and arguments are rewritten."""
    volume = {"name": "conf", "configMap": {"name": "dns", "defaultMode": 420}}
    container = {
        "name": "dns",
        "image": "registry.k8s.io/coredns/coredns:v1",
        "args": ["-conf", "/root/Corefile"],
        "volumeMounts": [{"name": "conf", "mountPath": "/root"}],
    }
    item = {"metadata": SECRET["metadata"], "spec": {"containers": [container], "volumes": [volume]}}
    source = {"kind": "ConfigMap", "metadata": {"name": "dns", "namespace": "infra"}, "data": {"Corefile": "whoami"}}
    containers.write(item, [source], tmp_path)
    found = containers.command(item, tmp_path, Path("/programs"))
    assert found.arguments == ("/programs/dns", "-conf", f"{tmp_path}/conf/Corefile")
    assert Path(found.arguments[-1]).read_text(encoding="ascii") == "whoami"
    assert found.ports == {("udp", 53)}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("image",), "nginx:1.29", "image nginx:1.29"),
        (("readinessProbe",), {"tcpSocket": {"port": 1}}, "readinessProbe"),
        (("env", 0, "valueFrom"), {"secretKeyRef": {"name": "a"}}, "secretKeyRef"),
        (("env", 0, "valueFrom", "fieldRef", "fieldPath"), "status.hostIP", r"status\.hostIP"),
        (("env", 1, "value"), "$(POD_NAME)", "reference"),
        (("volumeMounts", 0, "subPath"), "crt", "subPath"),
    ],
)
def test_what_a_container_cannot_have(path: tuple[str | int, ...], value: object, said: str) -> None:
    """What is not carried out is refused."""
    item = changed(workloads.pods(DEPLOYMENT, "here")[0], value, "spec", "containers", 0, *path)
    with pytest.raises(UnsupportedError, match=said):
        containers.command(item, Path(), Path())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("initContainers", [{"name": "first"}], "initContainers"),
        ("containers", [{}, {}], "2 containers"),
        ("volumes", [{"name": "keys", "emptyDir": {}}], "emptyDir"),
        ("volumes", [{"name": "keys", "secret": {"secretName": "tls", "optional": True}}], "optional"),
    ],
)
def test_what_a_pod_cannot_have(name: str, value: object, said: str, tmp_path: Path) -> None:
    """What is not carried out is refused."""
    item = changed(workloads.pods(DEPLOYMENT, "here")[0], value, "spec", name)
    with pytest.raises(UnsupportedError, match=said):
        written(item, tmp_path)


@pytest.mark.parametrize(
    ("variables", "ports"),
    [
        ("", {"tcp 3000", "tcp 3001"}),
        ("TLS_SERVER_CERT TLS_SERVER_PRIVKEY", {"tcp 3000", "tcp 3001", "tcp 8443"}),
        ("GRPC_ECHO_SERVER", {"tcp 3000"}),
        ("TCP_ECHO_SERVER TLS_SERVER_CERT TLS_SERVER_PRIV_KEY", {"tcp 3000", "tcp 8443"}),
        ("UDP_ECHO_SERVER", {"udp 8080"}),
    ],
)
def test_ports(variables: str, ports: set[str]) -> None:
    """A Pod is ready when it listens at all that its mode has."""
    environment = [{"name": name, "value": "1"} for name in variables.split()]
    item = changed(workloads.pods(DEPLOYMENT, "here")[0], environment, "spec", "containers", 0, "env")
    found = containers.command(item, Path(), Path()).ports
    assert {f"{protocol} {number}" for protocol, number in found} == ports


def test_endpoint_slice() -> None:
    """The Pods that a Service selects, whether they are ready, and the ports that they are reached at."""
    there = [
        pod(app="web", more="labels"),
        pod(app="web", at="10.244.0.3", ready=False),
        pod(app="other", at="10.244.0.4"),
        changed(pod(app="web"), {}, "status"),
        changed(pod(app="web", at="10.244.0.5"), "elsewhere", "metadata", "namespace"),
        changed(pod(app="web", at="10.244.0.6"), "2026-01-01T00:00:00Z", "metadata", "deletionTimestamp"),
    ]
    found = endpoints.slice_of(service(), there)
    assert found is not None
    labels = found["metadata"]["labels"]
    assert labels.items() >= {"kubernetes.io/service-name": "web", "mine": "yes"}.items()
    assert "service.kubernetes.io/headless" not in labels
    conditions = {item["addresses"][0]: item["conditions"]["ready"] for item in found["endpoints"]}
    assert conditions == {"10.244.0.2": True, "10.244.0.3": False}
    assert found["ports"] == [
        {"name": "http", "port": 3000, "protocol": "TCP"},
        {"name": "h2c", "port": 3001, "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"},
    ]


def test_services() -> None:
    """Headless Services are like others; without a selector a Service's EndpointSlices are its owner's affair."""
    headless = endpoints.slice_of(service(clusterIP="None"), [pod(app="web")])
    assert headless is not None
    assert "service.kubernetes.io/headless" in headless["metadata"]["labels"]
    assert len(headless["endpoints"]) == 1
    assert endpoints.slice_of(service(selector=None), [pod(app="web")]) is None
    unnamed = endpoints.slice_of(service(ports=[{"port": 53, "protocol": "UDP"}]), [pod(app="web")])
    assert unnamed is not None and unnamed["ports"] == [{"name": "", "port": 53, "protocol": "UDP"}]
    with pytest.raises(UnsupportedError, match="Service web: targetPort http"):
        endpoints.slice_of(service(ports=[{"port": 80, "targetPort": "http"}]), [pod(app="web")])


def test_differences_of_slices() -> None:
    """What changed is replaced; others' slices, and what the server made of an empty list, are left alone."""
    versions = [endpoints.slice_of(service(), pods) for pods in ([], [pod(app="web")])]
    empty, full = filter(None, versions)
    stored = {**empty, "endpoints": None, "ports": None}
    others = changed(full, {"kubernetes.io/service-name": "web"}, "metadata", "labels")
    for one, other in itertools.permutations([empty, full]):
        assert endpoints.differences([one], [other, others]) == ([], [one], [])
    assert endpoints.differences([empty], [stored]) == ([], [], [])
    assert endpoints.differences([full], [others]) == ([full], [], [])
    assert endpoints.differences([], [full, others]) == ([], [], [full])
