"""Make an Envoy configuration runnable on loopback, without root or network, and let it decide as it did."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from tests.serve.certificates import known
from tests.serve.echo import Echo

Node = dict[str, Any]

_ACCESS_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
_LOGS = ("FileAccessLog", "StdoutAccessLog", "StderrAccessLog")
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_SERVER_TRUST = ("validation_context", "combined_validation_context", "validation_context_sds_secret_config")


@dataclass(frozen=True)
class Listener:
    """A listener as configured; ``port`` is 0 for a Unix socket, whose path is the address then."""

    name: str
    address: str
    port: int
    protocol: str


def walk(node: object) -> Iterator[Node]:
    """Every mapping at or below *node*, parents first."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from walk(item)


@dataclass(frozen=True)
class Localiser:
    """Rewrites what ties a configuration to its host: addresses, files and logs.

    *bundle* is where its files are looked for first, *folder* holds what stands in for the rest, *certificate* is the
    chain and the key for those it lacks.
    """

    bundle: Path
    folder: Path
    echo: Echo
    certificate: tuple[Path, Path]

    @property
    def admin(self) -> Path:
        """Envoy's admin socket."""
        return self.folder / "admin.sock"

    @property
    def configured_log(self) -> Path:
        """Where everything goes that the configuration logs of its traffic."""
        return self.folder / "configured.log"

    @property
    def route_log(self) -> Path:
        """Our own log, a JSON object for each request or TCP connection: whose it was and its route."""
        return self.folder / "routes.log"

    def apply(self, bootstrap: Node) -> list[Listener]:
        """Change *bootstrap* in place; its listeners as they were.

        FileNotFoundError if it names a file that nothing can stand in for.
        """
        was_admin = _name(bootstrap.get("admin", {}).get("address", {}))
        bootstrap["admin"] = {"address": _pipe(self.admin)}
        static = bootstrap.setdefault("static_resources", {})
        called = _called(static.get("listeners"))
        for cluster in static.get("clusters") or []:
            self._cluster(cluster, was_admin, self.echo.called if cluster["name"] in called else self.echo.port)
        listeners = [self._listener(i, listener) for i, listener in enumerate(static.get("listeners") or [])]
        self._logs(bootstrap)
        self._files(bootstrap)
        return listeners

    def _listener(self, index: int, listener: Node) -> Listener:
        """Give a listener a port that the kernel chooses when it binds: two runs at once cannot collide."""
        listener.setdefault("name", f"listener-{index}")
        listener.pop("additional_addresses", None)
        socket = listener["address"].get("socket_address")
        if socket is None:
            path = listener["address"]["pipe"]["path"]
            listener["address"] = _pipe(self.folder / f"listener-{index}.sock")
            return Listener(listener["name"], path, 0, "TCP")
        protocol = socket.get("protocol", "TCP")
        listener["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": 0, "protocol": protocol}}
        return Listener(listener["name"], socket["address"], socket["port_value"], protocol)

    def _cluster(self, cluster: Node, was_admin: str, port: Callable[[str], int]) -> None:
        """Point every endpoint to the echo backend of its address."""
        if "load_assignment" not in cluster:
            return
        cluster.pop("cluster_type", None)  # of DNS clusters: their names need not exist here
        cluster["type"] = "STATIC"
        hosts = []
        for endpoint in [node["endpoint"] for node in walk(cluster["load_assignment"]) if "endpoint" in node]:
            hosts.append(endpoint["address"].get("socket_address", {}).get("address", ""))
            if name := _name(endpoint["address"]):
                self._endpoint(endpoint, name, was_admin, port)
        _speak_http1(cluster)
        if not all(known(host) for host in hosts):
            _trust_anyone(cluster)

    def _endpoint(self, endpoint: Node, name: str, was_admin: str, port: Callable[[str], int]) -> None:
        host = endpoint["address"].get("socket_address", {}).get("address", "")
        if host.strip("0123456789.") and ":" not in host:
            endpoint.setdefault("hostname", host)  # as a DNS cluster would, for those who rewrite the Host by it
        endpoint.pop("additional_addresses", None)
        for key in ("address", "port_value"):
            endpoint.get("health_check_config", {}).pop(key, None)
        if name == was_admin:
            endpoint["address"] = _pipe(self.admin)
        else:
            endpoint["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": port(name)}}

    def _logs(self, bootstrap: Node) -> None:
        kinds = [(str(node.get("@type", "")).rpartition(".")[2], node) for node in walk(bootstrap)]
        for node in [node for kind, node in kinds if kind in _LOGS]:
            node |= {"@type": _ACCESS_LOG, "path": str(self.configured_log)}
        for node in [node for kind, node in kinds if kind in ("HttpConnectionManager", "TcpProxy")]:
            line = {"client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "route": "%ROUTE_NAME%"}
            ours = {"@type": _ACCESS_LOG, "path": str(self.route_log), "log_format": {"json_format": line}}
            node["access_log"] = [*(node.get("access_log") or []), {"name": "routes", "typed_config": ours}]

    def _files(self, top: Node) -> None:
        """Let every file named below *top* exist: the bundle's own, this machine's, or a stand-in."""
        for node in walk(top):
            node.pop("watched_directory", None)  # it must exist, and nothing is renewed here
            named = {key: value for key, value in node.items() if isinstance(value, dict) and "filename" in value}
            found = {key: self._find(value["filename"]) for key, value in named.items()}
            if not all(found.get(key, True) for key in ("certificate_chain", "private_key")):
                found |= dict(zip(("certificate_chain", "private_key"), self.certificate, strict=True))
            for key in named:
                node[key] = {"filename": str(found[key] or self._stand_in(key, named[key]["filename"]))}
            if "path_config_source" in node:
                node["path_config_source"] = {"path": str(self._discovery(node["path_config_source"]["path"]))}

    def _discovery(self, name: str) -> Path:
        """A localised copy of a file of discovery resources (SDS)."""
        path = self._find(name)
        if path is None:
            raise FileNotFoundError(f"{name} is not in the bundle")
        resources = yaml.load(path.read_bytes(), yaml.CSafeLoader)
        self._files(resources)
        copy = self.folder / f"discovery-{len(list(self.folder.glob('discovery-*')))}.yaml"
        copy.write_text(yaml.dump(resources, Dumper=yaml.CSafeDumper), encoding="utf-8")
        return copy

    def _find(self, name: str) -> Path | None:
        """The file in the bundle with the longest common end, or the one of this machine."""
        parts = PurePosixPath(name.lstrip("/")).parts
        candidates = [self.bundle.joinpath(*parts[i:]) for i in range(len(parts))]
        readable = (path for path in (*candidates, Path(name)) if os.access(path, os.R_OK) and path.is_file())
        return next((path.absolute() for path in readable), None)

    def _stand_in(self, key: str, name: str) -> Path:
        if key == "trusted_ca":
            return self.certificate[0]
        if key == "secret":
            path = self.folder / "stand-in.secret"
            path.write_text("stand-in", encoding="utf-8")
            return path
        raise FileNotFoundError(f"{name} is neither in the bundle nor on this machine")


def _pipe(path: Path) -> Node:
    return {"pipe": {"path": str(path)}}


def _name(address: Node) -> str:
    """An endpoint address as people write it; "" for one that is no place (an internal listener)."""
    if "socket_address" in address:
        host, port = address["socket_address"]["address"], address["socket_address"].get("port_value", 0)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"unix:{address['pipe']['path']}" if "pipe" in address else ""


def _called(listeners: object) -> set[str]:
    """The clusters that GRPCRoutes send to."""
    routes = [node for node in walk(listeners) if str(node.get("name", "")).startswith("grpcroute/")]
    actions = [node for route in routes for node in walk(route.get("route"))]
    weighed = [node["name"] for action in actions for node in action.get("clusters", [])]
    return {*weighed, *(action["cluster"] for action in actions if isinstance(action.get("cluster"), str))}


def _speak_http1(cluster: Node) -> None:
    """The echo backends do not negotiate HTTP/2 or HTTP/3."""
    options = (cluster.get("typed_extension_protocol_options") or {}).get(_HTTP_OPTIONS, {})
    if "use_downstream_protocol_config" in options:
        options.pop("use_downstream_protocol_config", None)
        options["explicit_http_config"] = {"http_protocol_options": {}}


def _trust_anyone(cluster: Node) -> None:
    """The echo backends have a certificate that nobody signed."""
    for node in walk(cluster):
        if str(node.get("@type", "")).endswith(".UpstreamTlsContext"):
            node.pop("auto_sni_san_validation", None)
            for key in _SERVER_TRUST:
                node.get("common_tls_context", {}).pop(key, None)
