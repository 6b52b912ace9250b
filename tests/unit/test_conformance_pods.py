"""The node beside the conformance suite runs real processes, each in a network of its own. Its cluster is imitated."""

import copy
import itertools
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import pytest
from pyroute2 import IPRoute

from tests.conformance import endpoints, namespaces
from tests.conformance.network import HOST
from tests.conformance.node import Node, NodeError
from tests.needs import need
from tests.unit.test_conformance_node import DEPLOYMENT, SECRET, service

Object = dict[str, Any]

ROOT = Path(__file__).parents[2]
LONG_AGO, NEVER = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"

# In place of the suite's echo server: says who it is, and what it was asked.
ECHO = """
import os, socket, socketserver
from http.server import BaseHTTPRequestHandler
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        if self.path == "/die":
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["POD_NAME"].encode())
other = socket.create_server(("", 3001))
socketserver.TCPServer(("", 3000), Handler).serve_forever()
"""


class Cluster:
    """As much of an API server as the node asks for."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._revision = 0

    def snapshot(self, kinds: Iterable[str]) -> tuple[int, dict[str, list[Object]]]:
        """Copies, for the server shares nothing with those who ask it."""
        with self._changed:
            found = {kind: [item for key, item in self._objects.items() if key[0] == kind] for kind in kinds}
            return self._revision, copy.deepcopy(found)

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        return self.snapshot([kind])[1][kind]

    def wait(self, seen: int, timeout: float) -> int:
        """Until something changes."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision != seen, timeout)
            return self._revision

    def create(self, body: Object) -> Object | None:
        """Give it a uid."""
        uid = body["metadata"].get("uid") or f"uid-{next(self._numbers)}"
        return self._put({**body, "metadata": {**body["metadata"], "uid": uid}}, new=True)

    def replace(self, body: Object) -> Object | None:
        """Whatever it was."""
        return self._put(body, new=False)

    replace_status = replace

    def delete(self, body: Object) -> None:
        """If it is there."""
        with self._changed:
            self._objects.pop(_key(body), None)
            self._step()

    def _put(self, body: Object, *, new: bool) -> Object | None:
        with self._changed:
            if (_key(body) in self._objects) is new:
                return None
            self._objects[_key(body)] = copy.deepcopy(body)
            self._step()
        return body

    def _step(self) -> None:
        self._revision += 1
        self._changed.notify_all()


def _key(body: Object) -> tuple[str, str, str]:
    return body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]


def until(true: Callable[[], object], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def get(url: str, patience: float = 5) -> str:
    """What is answered within some seconds."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(url, timeout=patience, context=trusting) as answer:
        return str(answer.read().decode())


def said(item: Object, since: str) -> str:
    """The log of a Pod, as the API server asks for it."""
    names = f"{item['metadata']['namespace']}/{item['metadata']['name']}/{item['spec']['containers'][0]['name']}"
    return get(f"https://{HOST}:10250/containerLogs/{names}?stream=All&sinceTime={since}")


def serves(cluster: Cluster) -> None:
    """Pods wait for what they mount, get ready, are endpoints, answer, and tell what they said."""
    cluster.create(DEPLOYMENT)
    cluster.create(service(selector=DEPLOYMENT["spec"]["selector"]["matchLabels"]))
    until(
        lambda: [item.get("status", {}).get("message") for item in cluster.of("Pod")] == ["waits for Secret tls"] * 2,
        "wait",
    )
    cluster.create(SECRET)
    until(lambda: all(map(endpoints.is_ready, cluster.of("Pod"))), "ready")
    pods = cluster.of("Pod")
    until(lambda: len(cluster.of("EndpointSlice")[0]["endpoints"]) == 2, "endpoints")
    assert len({item["status"]["podIP"] for item in pods}) == 2
    for item in pods:
        assert get(f"http://{item['status']['podIP']}:3000/first") == item["metadata"]["name"]
        assert "asked for /first" in said(item, LONG_AGO)
        assert said(item, NEVER) == ""
    with pytest.raises(urllib.error.HTTPError, match="501"):
        said(pods[0], f"{LONG_AGO}&follow=true")


def ends(cluster: Cluster) -> None:
    """With the Deployment, its Pods end, and nothing answers there any more."""
    address = cluster.of("Pod")[0]["status"]["podIP"]
    cluster.delete(DEPLOYMENT)
    until(lambda: not cluster.of("Pod"), "no Pods")
    until(lambda: not cluster.of("EndpointSlice")[0]["endpoints"], "no endpoints")
    with pytest.raises(OSError, match=r"timed out|refused|reset|closed|unreachable|No route"):
        get(f"http://{address}:3000/", 0.2)
    cluster.delete(service())
    until(lambda: not cluster.of("EndpointSlice"), "no slices")


def complains(cluster: Cluster, node: Node) -> None:
    """What it cannot do, and what ends by itself, it tells; so do the Pods."""
    strange = json.dumps(DEPLOYMENT).replace("echo-basic:", "stranger:").replace('"tcp-backend"', '"strange"')
    cluster.create(json.loads(strange))
    until(lambda: len(node.failures) == 2, "refusals")
    assert all("unsupported: image" in failure for failure in node.failures)
    cluster.create(DEPLOYMENT)
    until(lambda: sum(map(endpoints.is_ready, cluster.of("Pod"))) == 2, "ready")
    victim = next(filter(endpoints.is_ready, cluster.of("Pod")))
    with pytest.raises(OSError, match=r"closed|reset"):
        get(f"http://{victim['status']['podIP']}:3000/die")
    until(lambda: [item["status"]["phase"] for item in cluster.of("Pod")].count("Failed") == 3, "a death")
    assert victim["metadata"]["name"] in node.failures[2]
    assert "ended with 3" in node.failures[2]
    assert "asked for /die" in node.failures[2]


def run(folder: Path) -> None:
    """All of it."""
    cluster = Cluster()
    with Node(cluster, folder, folder) as node:
        serves(cluster)
        ends(cluster)
        assert not node.failures
        complains(cluster, node)


def main(folder: Path) -> None:
    """All of it, as root of a network and a process namespace."""
    echo = folder / "echo-basic"
    echo.write_text(f"#!{sys.executable}\n{ECHO}", encoding="utf-8")
    echo.chmod(0o755)
    with IPRoute() as links:
        links.link("set", index=links.link_lookup(ifname="lo")[0], state="up")
        with pytest.raises(NodeError, match="unsupported: image"):
            run(folder)
        assert not links.link_lookup(ifname="pods")


def test_pods() -> None:
    """Real processes serve, are told of, and end."""
    need("unshare")
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = namespaces.command(__name__, folder)
        except click.ClickException as refused:
            if os.environ.get("CI"):
                raise
            pytest.skip(refused.message)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    main(Path(sys.argv[1]))
