"""Random listeners and TLSRoutes, and which backend the specification means for a server name.

Written apart from egc: names of a tiny alphabet are counted, patterns are sets of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.property.test_hostnames import MEANING, NAMES, PATTERNS

Plain = dict[str, Any]
EVERYTHING = frozenset([*NAMES, ""])
"""All server names, and that of a client which says none."""


@dataclass(frozen=True)
class Route:
    """A TLSRoute, its age being its place among the routes; no listeners means all of the Gateway's."""

    name: str
    listeners: tuple[int, ...]
    hostnames: tuple[str, ...]


@dataclass(frozen=True)
class Port:
    """A Gateway with listeners of these hostnames on one port, and its routes, the oldest first."""

    number: int
    hostnames: tuple[str, ...]
    terminate: tuple[bool, ...]
    routes: tuple[Route, ...]


def draw(random: Random, number: int) -> Port:
    """A port with one to five listeners and up to eight routes."""
    hostnames = tuple(random.sample(PATTERNS, random.randint(1, 5)))
    if random.random() < 0.6 and "*" not in hostnames:
        hostnames = (*hostnames[:-1], "*")
    routes = tuple(
        Route(
            f"r{number}-{i}",
            tuple(random.sample(range(len(hostnames)), 1)) if random.random() < 0.4 else (),
            tuple(random.sample([p for p in PATTERNS if p != "*"], random.choice((0, 1, 1, 2, 5)))),
        )
        for i in range(random.randint(0, 8))
    )
    return Port(number, hostnames, tuple(random.random() < 0.4 for _ in hostnames), routes)


def meant(port: Port, name: str) -> tuple[str, bool] | None:
    """The route for a server name, and whether TLS ends before it; None if the client is to be turned away."""
    listeners = [i for i, hostname in enumerate(port.hostnames) if name in _names(hostname)]
    if not listeners:
        return None
    chosen = min(listeners, key=lambda i: len(_names(port.hostnames[i])))
    best: tuple[int, int] | None = None
    for age, route in enumerate(port.routes):
        if route.listeners and chosen not in route.listeners:
            continue
        for hostname in route.hostnames or ("*",):
            common = _names(hostname) & _names(port.hostnames[chosen])
            if name in common and (best is None or (len(common), age) < best):
                best = len(common), age
    return (port.routes[best[1]].name, port.terminate[chosen]) if best is not None else None


def _names(hostname: str) -> frozenset[str]:
    return EVERYTHING if hostname == "*" else MEANING[hostname]


def documents(port: Port) -> Iterator[Plain]:
    """The port as Kubernetes objects."""
    listeners = []
    for i, hostname in enumerate(port.hostnames):
        tls = {"certificateRefs": [{"name": "tls"}]} if port.terminate[i] else {"mode": "Passthrough"}
        listener = {"name": f"l{i}", "protocol": "TLS", "port": port.number, "tls": tls}
        listeners.append(listener | ({"hostname": hostname} if hostname != "*" else {}))
    yield _object("v1", "Gateway", f"g{port.number}", {"gatewayClassName": "eg", "listeners": listeners})
    for age, route in enumerate(port.routes):
        parent = {"name": f"g{port.number}"}
        spec = {
            "parentRefs": [parent | {"sectionName": f"l{i}"} for i in route.listeners] or [parent],
            "hostnames": list(route.hostnames),
            "rules": [{"backendRefs": [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": route.name}]}],
        }
        found = _object("v1alpha2", "TLSRoute", route.name, spec)
        found["metadata"]["creationTimestamp"] = f"2026-01-{age + 1:02}T00:00:00Z"
        yield found
        backend = {"endpoints": [{"fqdn": {"hostname": f"{route.name}.local", "port": 443}}]}
        yield _object("v1alpha1", "Backend", route.name, backend, "gateway.envoyproxy.io")


def _object(version: str, kind: str, name: str, spec: Plain, group: str = "gateway.networking.k8s.io") -> Plain:
    return {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": name}, "spec": spec}
