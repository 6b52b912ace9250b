"""What no single line or datagram shows: sessions, weights, silence, and what the access log says."""

import json
import math
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.case import FIXTURES, load
from tests.property.building import build_texts, text_of
from tests.property.strategies import gateway_class
from tests.serve import Site, envoy_binary, replay
from tests.serve import load as load_requests
from tests.serve.client import RefusedError, Request, send

pytestmark = pytest.mark.slow

API = "gateway.networking.k8s.io/v1"
SAMPLE = 300
DEVIATIONS = 5


@contextmanager
def served(case: str, envoy: Path, folder: Path) -> Iterator[Site]:
    """A case of the features, served."""
    load(FIXTURES / "features" / case).build().write(folder)
    with Site(folder, envoy) as site:
        yield site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """TCP and UDP on port 9001."""
    with served("tcp/pooled", envoy_binary(), tmp_path_factory.mktemp("site")) as site:
        yield site


def say(channel: socket.socket, text: str) -> dict[str, Any]:
    """What the backend tells of a datagram or a line."""
    channel.send(f"{text}\n".encode())
    told: dict[str, Any] = json.loads(channel.recv(65536))
    return told


@contextmanager
def datagrams(site: Site, port: int) -> Iterator[socket.socket]:
    """A client that keeps its address and port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(10)
        channel.connect(("127.0.0.1", site.port(port, "UDP")))
        yield channel


def test_a_client_stays_with_its_backend(envoy: Path, tmp_path: Path) -> None:
    """All datagrams of a client go to one backend and come from one address; another client may get another."""
    # All clients stay until the end: one that comes with the port of another would be taken for it.
    with served("udp/weights", envoy, tmp_path) as site, ExitStack() as clients:
        sessions: list[dict[str, Any]] = []
        for _ in range(30):
            channel = clients.enter_context(datagrams(site, 1514))
            told = [say(channel, f"message {i}") for i in range(5)]
            assert [one["said"] for one in told] == [f"message {i}" for i in range(5)]
            assert len({(one["backend"], one["client"]) for one in told}) == 1
            sessions.append(told[0])
        assert len({one["backend"] for one in sessions}) == 2
        assert len({one["client"] for one in sessions}) == len(sessions)


def test_silence(envoy: Path, tmp_path: Path) -> None:
    """A session without datagrams ends and the next begins another; a silent connection is closed, and soon."""
    case = load(FIXTURES / "features" / "tcp" / "pooled")
    site_yaml = (case.folder / "in.yaml").read_text()
    texts = {"in.yaml": site_yaml, "egc.yaml": "edge: {tcpIdleTimeout: 500ms, udpIdleTimeout: 500ms}\n"}
    for path, content in build_texts(texts).files.items():
        (tmp_path / path).write_bytes(content)
    with Site(tmp_path, envoy) as site:
        with datagrams(site, 9001) as channel:
            before = say(channel, "hello")
            time.sleep(1.5)
            assert say(channel, "again")["client"] != before["client"]
        with socket.create_connection(("127.0.0.1", site.port(9001)), timeout=10) as channel:
            say(channel, "hello")
            begin = time.monotonic()
            assert channel.recv(1) == b""
            assert 0.3 < time.monotonic() - begin < 5


def test_large_transfers(envoy: Path, tmp_path: Path) -> None:
    """More than any buffer holds comes through whole, and the end of what a client says does not end the answer."""
    with served("tcp/client_policy", envoy, tmp_path) as site:
        text = "x" * 60_000
        with socket.create_connection(("127.0.0.1", site.port(9001)), timeout=10) as channel:
            channel.sendall(f"{text}\n".encode() * 20)
            channel.shutdown(socket.SHUT_WR)
            with channel.makefile("rb") as stream:
                assert [json.loads(line)["said"] for line in stream] == [text] * 20


def test_weights(envoy: Path, tmp_path: Path) -> None:
    """Connections and sessions are shared as the weights say."""
    random = Random(4)
    weights = {9000 + i: [random.choice((0, 1, 3, 10, 50, 100)) for _ in range(random.randint(2, 5))] for i in range(8)}
    objects = [gateway_class(), *(document for port, found in weights.items() for document in routed(port, found))]
    for path, content in build_texts({"in.yaml": text_of(objects)}).files.items():
        (tmp_path / path).write_bytes(content)
    wrong = []
    with Site(tmp_path, envoy) as site:
        for port, found in weights.items():
            transport = "udp" if port % 2 else "tcp"
            request, local = Request("", "", "", body=b"hello", transport=transport), site.port(port, transport.upper())
            counts = Counter(json.loads(send(request, local).body)["backend"] for _ in range(SAMPLE))
            for i, weight in enumerate(found):
                part, got = weight / sum(found), counts[f"b{i}.local:{port}"] / SAMPLE
                if abs(got - part) > DEVIATIONS * math.sqrt(part * (1 - part) / SAMPLE):
                    wrong.append(f"{transport} {found}: backend {i} has {got:.0%} instead of {part:.0%}")
    assert not wrong


def routed(port: int, weights: list[int]) -> Iterator[dict[str, Any]]:
    """A Gateway with one port, TCP where it is even, and a backend for each weight."""
    kind = "UDP" if port % 2 else "TCP"
    listener = {"name": "l", "port": port, "protocol": kind}
    group = "gateway.envoyproxy.io"
    refs = [{"group": group, "kind": "Backend", "name": f"b{i}-{port}", "weight": w} for i, w in enumerate(weights)]
    if not any(weights):
        refs[0]["weight"] = weights[0] = 1
    name = {"name": f"g{port}"}
    yield {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": name,
        "spec": {"gatewayClassName": "eg", "listeners": [listener]},
    }
    spec = {"parentRefs": [name], "rules": [{"backendRefs": refs}]}
    yield {"apiVersion": API, "kind": f"{kind}Route", "metadata": name, "spec": spec}
    for i in range(len(weights)):
        endpoints = [{"fqdn": {"hostname": f"b{i}.local", "port": port}}]
        metadata = {"name": f"b{i}-{port}"}
        yield {
            "apiVersion": f"{group}/v1alpha1",
            "kind": "Backend",
            "metadata": metadata,
            "spec": {"endpoints": endpoints},
        }


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("tcp: hello, expect: {refused: true}", "answered with .* instead of refusing"),
        ("udp: hello, expect: {refused: true}", "answered with .* instead of refusing"),
        ("tcp: hello, expect: {seen: {said: bye}}", "seen said: 'hello' instead of 'bye'"),
        ("udp: hello, expect: {backend: x}", "backend: .* instead of x"),
        ("udp: hello, expect: {share: {refused: 50, x: 50}}", "share of .*"),
        (
            "tcp: hello, sni: a.example, expect: {seen: {tls: b.example}}",
            "seen tls: 'a.example' instead of 'b.example'",
        ),
        ("tcp: hello, listener: 9002, expect: {backend: x}", "no answer: no listener 9002"),
    ],
)
def test_the_harness_sees_through(entry: str, problem: str, site: Site, tmp_path: Path) -> None:
    """Lines and datagrams that are not answered as expected are found."""
    file = tmp_path / "requests.yaml"
    file.write_text(f"[{{listener: 9001, {entry}}}]" if "listener" not in entry else f"[{{{entry}}}]")
    (outcome,) = replay(site, load_requests(file))
    assert any(re.fullmatch(problem, found) for found in outcome.problems), outcome.problems


def test_access_log(envoy: Path, tmp_path: Path) -> None:
    """A line for each connection, with the server name and the cluster, and one for who was turned away."""
    with served("tls_routes/passthrough", envoy, tmp_path) as site:
        for name in ("db.example", "other.example"):
            with suppress(RefusedError):
                send(Request("", "", "", name, body=b"hello", transport="tcp"), site.port(8443))
        end = time.monotonic() + 10
        while len(site.access_log()) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        told = {line["requested_server_name"]: line for line in site.access_log()}
    assert told["db.example"]["upstream_cluster"] == "backend/default/db"
    assert told["other.example"]["response_flags"] == "NR"


def test_half_a_handshake(envoy: Path, tmp_path: Path) -> None:
    """The backend gets a connection when the handshake is done, and may speak first then."""
    with served("tls_routes/terminate", envoy, tmp_path) as site:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", site.port(8443)), timeout=10) as plain:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, outgoing, server_hostname="db.example")
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
            plain.sendall(outgoing.read())
            incoming.write(plain.recv(65536))
            assert connections(site, "db") == 0
        with (
            socket.create_connection(("127.0.0.1", site.port(8443)), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="db.example"),
        ):
            end = time.monotonic() + 10
            while connections(site, "db") == 0 and time.monotonic() < end:
                time.sleep(0.05)
            assert connections(site, "db") == 1


def connections(site: Site, backend: str) -> int:
    """How many connections to a backend Envoy has made."""
    told = site.admin(f"/stats?filter=^cluster.backend/default/{backend}.upstream_cx_total$")
    return int(told.rpartition(":")[2] or 0)
