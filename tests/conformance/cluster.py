"""A real API server: kube-apiserver over etcd, with the CRDs of the Gateway API."""

import contextlib
import ssl
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kubernetes import client, config

from tests.conformance import processes

_TOKEN = "conformance"
_ETCD, _PEERS, _API = 23790, 23800, 26443
_AUTHORISED = {"Authorization": f"Bearer {_TOKEN}"}
_PATIENCE = 60.0


class ClusterError(click.ClickException):
    """The cluster does not get ready; the message holds why."""


@contextlib.contextmanager
def running(programs: Path, folder: Path) -> Iterator[Path]:
    """An empty cluster on the loopback interface while the context is open; the path of its kubeconfig."""
    keys = folder / "service-accounts.pem"
    keys.write_bytes(_key())
    tokens = folder / "tokens.csv"
    tokens.write_text(f'{_TOKEN},admin,1,"system:masters"\n', encoding="utf-8")
    etcd: list[str | Path] = [
        programs / "etcd",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{_ETCD}",
        f"--advertise-client-urls=http://127.0.0.1:{_ETCD}",
        f"--listen-peer-urls=http://127.0.0.1:{_PEERS}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]
    server: list[str | Path] = [
        programs / "apiserver",
        f"--etcd-servers=http://127.0.0.1:{_ETCD}",
        f"--cert-dir={folder / 'certificates'}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # nothing in this cluster asks for the server by its Service
        f"--secure-port={_API}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.invalid",
        f"--service-account-signing-key-file={keys}",
        f"--service-account-key-file={keys}",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=ServiceAccount",  # there is no controller that makes the default accounts
        "--kubelet-preferred-address-types=InternalIP",
        f"--token-auth-file={tokens}",
    ]
    with processes.running(etcd, folder / "etcd.log"), processes.running(server, folder / "apiserver.log"):
        kubeconfig = _kubeconfig(folder)
        _ready(folder)
        yield kubeconfig


def define(kubeconfig: Path, files: Iterable[Path]) -> None:
    """Create the CRDs of some files, and wait until the server serves them."""
    api = client.ApiextensionsV1Api(config.new_client_from_config(str(kubeconfig)))
    names = []
    for path in files:
        for body in yaml.load_all(path.read_bytes(), yaml.CSafeLoader):
            if body and body.get("kind") == "CustomResourceDefinition":
                api.create_custom_resource_definition(body)
                names.append(body["metadata"]["name"])
    deadline = time.monotonic() + _PATIENCE
    while names:
        conditions = api.read_custom_resource_definition(names[-1]).status.conditions or []
        if any(found.type == "Established" and found.status == "True" for found in conditions):
            names.pop()
        elif time.monotonic() > deadline:
            raise ClusterError(f"{names[-1]} is not served: {conditions}")
        else:
            time.sleep(0.05)


def _ready(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            trust = ssl.create_default_context(cafile=folder / "certificates" / "apiserver.crt")
            request = urllib.request.Request(f"https://127.0.0.1:{_API}/readyz", headers=_AUTHORISED)
            with urllib.request.urlopen(request, timeout=5, context=trust):
                return
        time.sleep(0.05)
    said = (folder / "apiserver.log").read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
    raise ClusterError("\n".join(["the API server does not get ready; the last that it said:", *said]))


def _kubeconfig(folder: Path) -> Path:
    path = folder / "kubeconfig"
    cluster = {
        "server": f"https://127.0.0.1:{_API}",
        "certificate-authority": str(folder / "certificates" / "apiserver.crt"),
    }
    settings = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
        "current-context": "it",
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def _key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
