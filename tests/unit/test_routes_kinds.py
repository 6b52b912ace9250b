"""``egc routes`` for TLS, gRPC and what is passed on unread."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from egc.cli import egc

SITE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: eg
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
  - {name: shop, protocol: HTTPS, port: 443, hostname: shop.example, tls: {certificateRefs: [{name: shop}]}}
  - {name: wild, protocol: HTTPS, port: 443, hostname: "*.example", tls: {certificateRefs: [{name: wild}]}}
  - {name: inner, protocol: TLS, port: 443, hostname: "*.inner.example", tls: {mode: Passthrough}}
  - {name: tcp, protocol: TCP, port: 5432}
  - {name: idle, protocol: TCP, port: 5433}
  - {name: udp, protocol: UDP, port: 53}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web, sectionName: shop}]
  rules: [{backendRefs: [{name: app, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls}
spec:
  parentRefs: [{name: web, sectionName: http}]
  hostnames: [grpc.example]
  rules:
  - matches:
    - {method: {service: shop.Cart, method: Add}}
    - {method: {service: shop.Cart}, headers: [{name: x-v, value: "2"}]}
    - {method: {service: shop.Cart}}
    - {method: {method: Add}}
    - {method: {type: RegularExpression, service: "shop[.].*", method: "Get.*"}}
    backendRefs: [{name: app, port: 80}]
  - backendRefs: [{name: app, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: inner}
spec:
  parentRefs: [{name: web, sectionName: inner}]
  hostnames: [a.inner.example, "*.b.inner.example"]
  rules: [{backendRefs: [{name: app, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db}
spec:
  parentRefs: [{name: web, sectionName: tcp}]
  rules: [{name: all, backendRefs: [{name: app, port: 80, weight: 3}, {name: lost, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns}
spec:
  parentRefs: [{name: web, sectionName: udp}]
  rules: [{backendRefs: [{name: dns, port: 53}]}]
---
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: dns}
spec: {ports: [{port: 53, protocol: UDP}]}
"""
PROFILE = "target: none\nservices: {default/app: {80: [127.0.0.1:8001]}, default/dns: {53: [127.0.0.1:5353]}}\n"


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the site."""
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "egc.yaml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    """The command's answer, for the site."""
    return CliRunner().invoke(egc, ["routes", "site.yaml", *arguments], prog_name="egc")


def data(*arguments: str) -> Any:
    """The command's JSON."""
    return json.loads(run(*arguments, "--format", "json").stdout)


def host(port: int, name: str = "") -> Any:
    """The first host of a port whose name ends like this."""
    (listener,) = (found for found in data()["listeners"] if found["port"] == port)
    return next(found for found in listener["hosts"] if found["name"].endswith(name))


def test_calls() -> None:
    """A call is matched by service and method, which decide about the order."""
    calls = host(8080, "grpc_example")["rules"]
    found = [(*rule["match"]["grpc"].values(), rule["origin"]["match"], rule["why"]) for rule in calls]
    assert found == [
        ("Exact", "shop.Cart", "Add", 0, "service with its method"),
        ("RegularExpression", "shop[.].*", "Get.*", 4, "regular expression before a service alone"),
        ("Exact", "shop.Cart", None, 1, "more headers"),
        ("Exact", "shop.Cart", None, 2, "it says more of the call"),
        ("Exact", None, "Add", 3, "it says more of the call"),
        ("Exact", None, None, None, "the last one"),
    ]
    assert all(rule["match"]["path"] is None for rule in calls)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/shop.Cart/Add", 1),
        ("/shop.Other/GetAll", 2),
        ("/shop.Cart/Remove", 4),
        ("/pay.Cart/Add", 5),
        ("/pay.Cart/Remove", 6),
        ("/shopXCart/Add", 5),
    ],
)
def test_who_takes_a_call(path: str, taken: int) -> None:
    """A call is a request for ``/service/method``."""
    (verdict,) = data("--url", f"http://grpc.example:8080{path}")["answers"]
    assert verdict["rule"]["order"] == taken


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("https://shop.example/", "HTTPRoute", "shop"),
        ("https://a.inner.example/", "TLSRoute", "inner"),
        ("https://x.y.b.inner.example/", "TLSRoute", "inner"),
        ("http://any.example:5432/", "TCPRoute", "db"),
    ],
)
def test_server_names(url: str, kind: str, name: str) -> None:
    """The server name, or the port, decides who gets a connection."""
    (verdict,) = data("--url", url)["answers"]
    assert (verdict["rule"]["origin"]["kind"], verdict["rule"]["origin"]["name"]) == (kind, name)


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("https://www.example/", "no route is for this host: 404"),
        ("https://other/", "no listener is for this server name, so the connection is closed"),
        ("http://other.example/", "no route is for this host: 404"),
    ],
)
def test_nobody_takes_it(url: str, because: str) -> None:
    """What nobody is for is not served."""
    (verdict,) = data("--url", url)["answers"]
    assert (verdict["rule"], verdict["because"]) == (None, because)


def test_a_host_of_another_listener() -> None:
    """On a connection for one listener, the names of the others are answered 421."""
    (listener,) = (found for found in data()["listeners"] if found["port"] == 443)
    served = [found for found in listener["hosts"] if found["serverNames"] == ["shop.example"]]
    assert served[0]["hostnames"] == ["shop.example"]
    (rule,) = served[-1]["rules"]
    assert (rule["answer"]["type"], rule["answer"]["status"], rule["origin"]) == ("respond", 421, None)


def test_what_is_passed_on() -> None:
    """Connections and datagrams have a rule without a match; without a route they are turned away."""
    (database,) = host(5432)["rules"]
    assert database["match"] == {
        "path": None,
        "method": None,
        "headers": [],
        "queryParams": [],
        "cookies": [],
        "grpc": None,
        "portInHost": False,
        "preflight": False,
        "percentBelow": None,
    }
    assert database["origin"]["ruleName"] == "all"
    sound, lost = database["answer"]["backends"]
    assert (sound["weight"], sound["endpoints"], sound["because"]) == (3, ["127.0.0.1:8001"], None)
    assert (lost["status"], lost["because"]) == (None, 'Service "lost" does not exist in namespace "default"')
    (idle,) = host(5433)["rules"]
    assert (idle["answer"]["type"], idle["answer"]["because"]) == ("reject", "no route is attached")
    (dns,) = host(53)["rules"]
    assert (dns["origin"]["kind"], dns["answer"]["backends"][0]["endpoints"]) == ("UDPRoute", ["127.0.0.1:5353"])
    inner = host(443, "tlsroute/default/inner")
    assert (inner["hostnames"], inner["serverNames"]) == ([], ["a.inner.example", "*.b.inner.example"])


def test_the_text() -> None:
    """Each kind in words."""
    text = run().stdout
    assert max(map(len, text.splitlines())) <= 100
    for part in (
        "UDP on *:53, listener default/web/udp\n  every datagram\n   1  everything\n      UDPRoute default/dns, rule 0",
        "(leads nowhere:",
        "      closes the connection: no route is attached\n",
        "  server name a.inner.example, *.b.inner.example\n",
        "   1  call shop.Cart/Add\n",
        "   2  call regex shop[.].*/Get.*\n",
        "   3  call shop.Cart/*  x-v: 2\n",
        "   6  any call\n",
    ):
        assert part in text
