"""Start-up is most of a small build: what a site does not need is not imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from egc.compiler import KINDS

SITE = """
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
  listeners: [{name: http, protocol: HTTP, port: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app}
spec:
  parentRefs: [{name: web}]
  hostnames: [app.example]
  rules:
    - matches: [{path: {type: PathPrefix, value: /}}]
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-App, value: "1"}]}}]
      backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: app}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: app}
spec:
  endpoints: [{ip: {address: 127.0.0.1, port: 8000}}]
"""
# The command line, and then what it imported.
PROGRAM = """
import sys
from egc.cli import egc
egc.main(standalone_mode=False)
print(*sys.modules)
"""
USED = {"GatewayClass", "Gateway", "HTTPRoute", "Backend"}

# Each of these takes longer to import than egc takes to compile the site.
HEAVY = {
    "asyncio",
    "certbot",
    "cryptography",
    "grpc",
    "grpclib",
    "h2",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "pytest",
    "re2",
}

# The bootstrap and what it is made of; envoy_data_plane has 400.
ENVOY_PACKAGES = 60
MODULES = 602


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules that a process imports which builds the site."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "EGC_STRICT"}
    command = [sys.executable, "-c", PROGRAM, "build", "site.yaml", "-o", "dist", "--no-validate"]
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (folder / "dist" / "envoy.yaml").exists(), done.stderr
    return frozenset(done.stdout.split())


def test_heavy_modules(imported: frozenset[str]) -> None:
    """What only some sites need, or only tests, is not imported."""
    assert HEAVY & {name.partition(".")[0] for name in imported} == set()


def test_kinds(imported: frozenset[str]) -> None:
    """Models of kinds that the site does not have are not imported."""
    used = {entry.partition(":")[0] for (_, kind), entry in KINDS.items() if kind in USED}
    unused = {entry.partition(":")[0] for entry in KINDS.values()} - used
    assert used <= imported
    assert sorted(unused & imported) == []


def test_envoy_packages(imported: frozenset[str]) -> None:
    """Of Envoy's hundreds of packages only those of the messages in use are imported."""
    packages = {name for name in imported if name.startswith("envoy_data_plane.envoy.")}
    assert "envoy_data_plane.envoy.config.route.v3" in packages
    assert len(packages) <= ENVOY_PACKAGES, sorted(packages)


def test_number_of_modules(imported: frozenset[str]) -> None:
    """The number of imported modules grows only on purpose."""
    assert len(imported) <= MODULES
