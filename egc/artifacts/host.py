"""host.json: what the programs on the host need to know and cannot read out of Envoy's configuration themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from egc.artifacts import certbot
from egc.emit import acme, metrics, secrets
from egc.plan.model import Plan
from egc.profile import Profile

Plain = dict[str, Any]

FORMAT = 1
_SPARE_FILES = 4096
"""Open files beside connections: certificates, logs, connections to and from one another."""
_USER = "envoy"
_CONTAINER_USER = "900"
_FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
_WRITES_CODE = ("envoy.extensions.filters.http.lua.", "envoy.extensions.filters.http.wasm.", ".wasm.v3.")
_OWN_CLUSTERS = (metrics.CLUSTER, acme.CLUSTER)


@dataclass(frozen=True)
class Configuration:
    """Envoy's configuration: the version that it is for, its name in the bundle, and its contents."""

    version: str
    name: str
    plain: Plain

    @cached_property
    def typed(self) -> list[Plain]:
        """Every extension in it."""
        return [node for node in _nodes(self.plain) if "@type" in node]


def settings(envoy: Configuration, plan: Plan, profile: Profile) -> Plain:
    """All of it, as plain data."""
    plain = envoy.plain
    listening = list(_listeners(plain, {int(port): seen for port, seen in profile.published_ports.items()}))
    directories = profile.directories
    acme_settings = profile.certificates.acme
    return {
        "format": FORMAT,
        "site": profile.site,
        "target": profile.target,
        "envoy": _envoy(envoy, profile, listening),
        "directories": {
            "run": directories.run,
            "state": directories.state,
            "releases": directories.releases,
            "textfile": profile.metrics.textfile or f"{directories.state.rstrip('/')}/metrics",
        },
        "keepReleases": profile.keep_releases,
        "listeners": listening,
        "backends": list(_backends(plain, _silent(plan))),
        "certificates": {
            "directory": profile.certificates.directory,
            "reload": profile.certificates.reload,
            "lineages": [certbot.lineage(found, acme_settings) for found in certbot.lineages(plan)],
            "pairs": [
                {"name": found.name, "chain": chain, "key": key}
                for found in plan.certificates
                for chain, key in [secrets.files(found)]
            ],
        },
        "acme": certbot.account(acme_settings),
    }


def text(data: Plain) -> bytes:
    """host.json itself."""
    return (json.dumps(data, indent=2) + "\n").encode()


def _envoy(configuration: Configuration, profile: Profile, listening: list[Plain]) -> Plain:
    envoy = profile.envoy
    low = any(listener["port"] < 1024 for listener in listening)
    # A connection of a client and one to a backend; a session of UDP has only the latter.
    sockets = 3 if any(listener["protocol"] == "udp" for listener in listening) else 2
    return {
        "version": configuration.version,
        "path": envoy.path,
        "config": configuration.name,
        "admin": profile.admin,
        "user": _user(profile),
        "baseId": envoy.base_id,
        "concurrency": None if envoy.concurrency == "auto" else envoy.concurrency,
        "drainTime": _seconds(envoy.drain_time.total_seconds()),
        "parentShutdownTime": _seconds(envoy.parent_shutdown_time.total_seconds()),
        "stopDrainTime": _seconds(envoy.stop_drain_time.total_seconds()),
        "memory": envoy.memory,
        "openFiles": sockets * envoy.connections + _SPARE_FILES,
        "capabilities": ["CAP_NET_BIND_SERVICE"] if low else [],
        "logs": sorted(_logs(configuration.typed)),
    }


def _user(profile: Profile) -> str:
    """The user; for containers a number, since the host does not know the names in their image."""
    return profile.envoy.user or (_CONTAINER_USER if profile.target == "compose" else _USER)


def _seconds(exact: float) -> int:
    """Envoy's options take whole seconds; a part of one counts as one."""
    return int(-(-exact // 1))


def _listeners(plain: Plain, published: dict[int, int]) -> Iterator[Plain]:
    """Every socket that Envoy listens on."""
    for listener in plain.get("static_resources", {}).get("listeners", []):
        entries = [listener, *listener.get("additional_addresses", [])]
        for address in (entry.get("address", {}).get("socket_address") for entry in entries):
            if address is not None:
                port = address.get("port_value", 0)
                yield {
                    "name": listener.get("name", ""),
                    "address": address["address"],
                    "port": port,
                    "published": published.get(port, port),
                    "protocol": address.get("protocol", "TCP").lower(),
                    "tls": any("transport_socket" in chain for chain in listener.get("filter_chains", [])),
                }


def _silent(plan: Plan) -> set[str]:
    """The clusters that get datagrams: nobody answers who only asks whether somebody is there."""
    tunnels = [tunnel for listener in plan.listeners if listener.udp for tunnel in listener.tunnels]
    return {share.cluster.name for tunnel in tunnels for share in tunnel.shares if share.cluster is not None}


def _backends(plain: Plain, silent: set[str]) -> Iterator[Plain]:
    """Every endpoint of the site that takes connections, once for each cluster."""
    for cluster in plain.get("static_resources", {}).get("clusters", []):
        if cluster["name"] in _OWN_CLUSTERS or cluster["name"] in silent:
            continue
        for locality in cluster.get("load_assignment", {}).get("endpoints", []):
            for endpoint in locality.get("lb_endpoints", []):
                address = endpoint.get("endpoint", {}).get("address", {})
                if "pipe" in address:
                    yield {"cluster": cluster["name"], "path": address["pipe"]["path"]}
                elif "socket_address" in address:
                    socket = address["socket_address"]
                    yield {"cluster": cluster["name"], "host": socket["address"], "port": socket.get("port_value", 0)}


def _logs(typed: list[Plain]) -> set[str]:
    """Access logs that are files, which somebody must rotate."""
    paths = {node["path"] for node in typed if node["@type"] == _FILE_LOG}
    return {path for path in paths if not path.startswith("/dev/")}


def writes_code(envoy: Configuration) -> bool:
    """Whether a filter makes machine code while it runs (Lua's and Wasm's compilers), which a unit may forbid."""
    return any(part in type for type in {node["@type"] for node in envoy.typed} for part in _WRITES_CODE)


def _nodes(value: Any) -> Iterator[Plain]:
    """Every mapping at or below *value*."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
