"""host.json: what a site and its profile say to the programs on the host."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from egc.artifacts import host
from egc.compiler import build
from egc.diagnostics import Sink
from egc.options import Options
from egc.plan.model import Plan
from egc.profile import Profile

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
  addresses: [{value: 192.0.2.1}, {value: "2001:db8::1"}]
  listeners:
  - {name: http, protocol: HTTP, port: 80}
  - {name: https, protocol: HTTPS, port: 443, hostname: "*.shop.example", tls: {certificateRefs: [{name: shop}]}}
  - {name: old, protocol: HTTPS, port: 443, hostname: old.example, tls: {certificateRefs: [{name: old}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web}]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: shop}]}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: shop}
spec: {endpoints: [{fqdn: {hostname: shop.internal, port: 8000}}]}
"""
LINEAGE = {"server": "https://acme-v02.api.letsencrypt.org/directory", "email": None, "port": 8402, "eab": None}


def told(folder: Path, profile: dict[str, Any], site: str = SITE) -> dict[str, Any]:
    """host.json of a site with a profile."""
    (folder / "egc.yaml").write_text(yaml.safe_dump({"target": "systemd", **profile}))
    (folder / "site.yaml").write_text(site)
    sink = Sink()
    bundle = build(Options((str(folder / "site.yaml"),), str(folder / "egc.yaml")), sink).bundle
    assert bundle is not None, sink.sorted()
    files = {artifact.path: artifact.content for artifact in bundle.artifacts}
    data: dict[str, Any] = json.loads(files["host.json"])
    return data


def test_defaults(tmp_path: Path) -> None:
    """Without a word in the profile: every listener and backend, no certbot."""
    data = told(tmp_path, {})
    assert [(entry["address"], entry["port"]) for entry in data["listeners"]] == [
        ("192.0.2.1", 80),
        ("2001:db8::1", 80),
        ("192.0.2.1", 443),
        ("2001:db8::1", 443),
        ("127.0.0.1", 19001),
    ]
    assert data["backends"] == [{"cluster": "backend/default/shop", "host": "shop.internal", "port": 8000}]
    assert data["acme"] is None
    assert data["certificates"]["lineages"] == [
        {
            "name": name,
            "hostnames": [hostname],
            "chain": f"/etc/egc/tls/{name}/current/fullchain.pem",
            "key": f"/etc/egc/tls/{name}/current/privkey.pem",
            "certbot": None,
        }
        for name, hostname in (("old", "old.example"), ("shop", "*.shop.example"))
    ]
    assert data["envoy"]["capabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert data["envoy"]["concurrency"] is None and data["envoy"]["openFiles"] == 2 * 50000 + 4096


def test_certbot(tmp_path: Path) -> None:
    """Each lineage has the options of its own challenge, profile and names."""
    acme = {
        "challenge": "dns-01",
        "dns": {"plugin": "rfc2136", "credentials": "/etc/egc/rfc2136.ini", "propagation": "1m"},
        "lineages": {"old": {"challenge": "http-01", "preferredProfile": "shortlived"}},
    }
    data = told(tmp_path, {"certificates": {"acme": acme}})
    old, shop = (lineage["certbot"] for lineage in data["certificates"]["lineages"])
    standalone = "--standalone --http-01-address 127.0.0.1 --http-01-port 8402 --preferred-challenges http-01"
    assert " ".join(old) == f"{standalone} --key-type ecdsa --preferred-profile shortlived -d old.example"
    dns = "--dns-rfc2136 --dns-rfc2136-credentials /etc/egc/rfc2136.ini --dns-rfc2136-propagation-seconds 60"
    assert " ".join(shop) == f"{dns} --preferred-challenges dns-01 --key-type ecdsa -d *.shop.example"
    assert data["acme"] == {**LINEAGE, "caBundle": None}


def test_names_come_first_to_last(tmp_path: Path) -> None:
    """Names that the profile lists replace the site's, each once, in their order."""
    names = {"shop": {"names": ["shop.example", "*.shop.example", "shop.example"]}, "old": {"challenge": "http-01"}}
    acme = {"challenge": "dns-01", "dns": {"plugin": "route53"}, "lineages": names}
    _, shop = told(tmp_path, {"certificates": {"acme": acme}})["certificates"]["lineages"]
    assert shop["hostnames"] == ["shop.example", "*.shop.example"]
    assert shop["certbot"][-4:] == ["-d", "shop.example", "-d", "*.shop.example"]


@pytest.mark.parametrize(("given", "seconds"), [("20s", 20), ("1500ms", 2), ("1m", 60), ("0s", 0)])
def test_whole_seconds(tmp_path: Path, given: str, seconds: int) -> None:
    """Envoy's options take whole seconds."""
    assert told(tmp_path, {"envoy": {"stopDrainTime": given}})["envoy"]["stopDrainTime"] == seconds


def test_what_is_read_out_of_envoys_configuration() -> None:
    """Logs that are files, sockets as backends, and filters that make code while they run."""
    log = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
    lua = {"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"}}
    plain = {
        "static_resources": {
            "listeners": [
                {"access_log": [{"typed_config": {"@type": log, "path": "/var/log/envoy/a.log"}}], "f": [lua]}
            ]
        }
    }
    envoy = host.Configuration("1.40.0", "envoy.yaml", plain)
    assert host.settings(envoy, Plan([], [], []), Profile())["envoy"]["logs"] == ["/var/log/envoy/a.log"]
    assert host.writes_code(envoy)
    lua["typed_config"] = {"@type": log, "path": "/dev/stdout"}
    assert not host.writes_code(replace(envoy))


PASSED_ON = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: eg
  listeners:
  - {name: http, protocol: HTTP, port: 80}
  - {name: db, protocol: TLS, port: 5432, hostname: db.example, tls: {certificateRefs: [{name: db}]}}
  - {name: mail, protocol: TLS, port: 993, tls: {mode: Passthrough}}
  - {name: dns, protocol: UDP, port: 53}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db}
spec:
  parentRefs: [{name: edge, sectionName: db}]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: one}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: mail}
spec:
  parentRefs: [{name: edge, sectionName: mail}]
  hostnames: [imap.example]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: one}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns}
spec:
  parentRefs: [{name: edge, sectionName: dns}]
  rules: [{backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: two}]}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: one}
spec: {endpoints: [{ip: {address: 10.0.0.1, port: 5432}}]}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: two}
spec: {endpoints: [{ip: {address: 10.0.0.2, port: 53}}]}
"""


def test_what_is_passed_on(tmp_path: Path) -> None:
    """Only a listener that ends TLS itself has a certificate to be asked for, and datagrams get no idle questions."""
    data = told(tmp_path, {"certificates": {"acme": {}}}, PASSED_ON)
    assert {(one["name"], one["protocol"], one["tls"]) for one in data["listeners"]} == {
        ("default/edge/http", "tcp", False),
        ("default/edge/db", "tcp", True),
        ("default/edge/mail", "tcp", False),
        ("default/edge/dns", "udp", False),
        ("egc-metrics", "tcp", False),
    }
    assert data["backends"] == [{"cluster": "backend/default/one", "host": "10.0.0.1", "port": 5432}]
    assert [(one["name"], one["hostnames"]) for one in data["certificates"]["lineages"]] == [("db", ["db.example"])]
    assert data["envoy"]["capabilities"] == ["CAP_NET_BIND_SERVICE"]
