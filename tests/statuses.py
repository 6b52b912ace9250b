"""Small sites with Gateways and ListenerSets, and what the statuses of such a site say."""

from pathlib import Path
from typing import Any

from egc.compiler import build
from egc.diagnostics import Sink
from egc.options import OnError, Options

CLASS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg, generation: 7}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
"""

Status = dict[str, Any]


def gateway(listeners: str, more: str = "", name: str = "web") -> str:
    """A Gateway of generation 3 whose namespace is ``infra``."""
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: infra, generation: 3}}
spec: {{gatewayClassName: eg, listeners: [{listeners}]{more}}}
"""


def listener_set(name: str, listeners: str, created: int = 1, namespace: str = "infra") -> str:
    """A ListenerSet of generation 5 that joins the Gateway."""
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: {name}, namespace: {namespace}, generation: 5, creationTimestamp: "2024-01-0{created}T00:00:00Z"}}
spec: {{parentRef: {{name: web, namespace: infra}}, listeners: [{listeners}]}}
"""


def told(site: str, tmp_path: Path) -> dict[tuple[str, str], Status]:
    """The statuses of a site by kind and name."""
    file = tmp_path / "site.yaml"
    file.write_text(CLASS + site)
    built = build(Options((str(file),), on_error=OnError.DEGRADE), Sink())
    return {(found["kind"], found["metadata"]["name"]): found["status"] for found in built.statuses}


def conditions(status: Status) -> set[str]:
    """The conditions of an object or a listener, as ``Type=Status/Reason``."""
    return {f"{found['type']}={found['status']}/{found['reason']}" for found in status["conditions"]}


def listeners(status: Status) -> dict[str, Status]:
    """The listeners of a Gateway or a ListenerSet by name."""
    return {found["name"]: found for found in status["listeners"]}


def kinds(listener: Status) -> list[str]:
    """The kinds of routes that a listener takes."""
    assert all(kind["group"] == "gateway.networking.k8s.io" for kind in listener["supportedKinds"])
    return [kind["kind"] for kind in listener["supportedKinds"]]


SERVED = {"Accepted=True/Accepted", "Programmed=True/Programmed", "ResolvedRefs=True/ResolvedRefs"}
JOINED = SERVED | {"Conflicted=False/NoConflicts"}
HTTP = "{name: http, protocol: HTTP, port: 80}"


def lost(reason: str) -> set[str]:
    """The conditions of a listener of a ListenerSet that another one keeps out."""
    bad = {f"Accepted=False/{reason}", f"Programmed=False/{reason}", f"Conflicted=True/{reason}"}
    return bad | {"ResolvedRefs=True/ResolvedRefs"}
