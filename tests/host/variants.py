"""Bundles that differ from what make_bundle writes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.host.bundles import TYPE, Layout, write_manifest

Change = Callable[[dict[str, Any], dict[str, Any]], None]
"""Changes a bundle's envoy.yaml and host.json in place."""

_LISTENER = "extensions.filters.udp.udp_proxy.v3."
_QUIC = "extensions.transport_sockets.quic.v3.QuicDownstreamTransport"


def changed(bundle: Path, *changes: Change) -> Path:
    """Apply *changes* to a bundle as it was built, so that its digest is that of what it is now."""
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    files = {name: (bundle / name).read_bytes() for name in manifest["files"]}
    bootstrap, host = json.loads(files["envoy.yaml"]), json.loads(files["host.json"])
    for change in changes:
        change(bootstrap, host)
    files |= {"envoy.yaml": json.dumps(bootstrap, indent=1).encode(), "host.json": json.dumps(host, indent=1).encode()}
    write_manifest(bundle, files)
    return bundle


def broken(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
    """A field that Envoy does not know."""
    bootstrap["static_resources"]["listeners"][0]["colour"] = "blue"


def workers(number: int) -> Change:
    """So many workers."""

    def change(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        host["envoy"]["concurrency"] = number

    return change


def reuse_port(*, enabled: bool) -> Change:
    """Whether each worker has a socket of its own."""

    def change(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        for listener in bootstrap["static_resources"]["listeners"]:
            listener["enable_reuse_port"] = enabled

    return change


def address(ip: str) -> Change:
    """Listeners on another address, with the same port."""

    def change(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        for listener in bootstrap["static_resources"]["listeners"]:
            listener["address"]["socket_address"]["address"] = ip
        for listener in host["listeners"]:
            listener["address"] = ip

    return change


def datagrams(layout: Layout, port: int) -> Change:
    """A UDP proxy on *port*, and HTTP/3 on the port of HTTPS; there must be a backend and a lineage."""

    def change(bootstrap: dict[str, Any], host: dict[str, Any]) -> None:
        resources = bootstrap["static_resources"]
        https = next(listener for listener in resources["listeners"] if listener["name"] == "https")
        resources["listeners"] += [_udp_proxy(port), _http3(layout.https, https["filter_chains"])]
        resources["clusters"].append(_echo(layout.backend))
        host["listeners"] += [
            {"name": name, "address": "127.0.0.1", "port": number, "protocol": "udp"}
            for name, number in (("udp", port), ("http3", layout.https))
        ]

    return change


def _place(port: int) -> dict[str, Any]:
    return {"socket_address": {"protocol": "UDP", "address": "127.0.0.1", "port_value": port}}


def _udp_proxy(port: int) -> dict[str, Any]:
    route = {"name": "route", "typed_config": {"@type": f"{TYPE}{_LISTENER}Route", "cluster": "echo"}}
    proxy = {
        "@type": f"{TYPE}{_LISTENER}UdpProxyConfig",
        "stat_prefix": "udp",
        "matcher": {"on_no_match": {"action": route}},
    }
    return {
        "name": "udp",
        "address": _place(port),
        "udp_listener_config": {},
        "listener_filters": [{"name": "envoy.filters.udp_listener.udp_proxy", "typed_config": proxy}],
    }


def _http3(port: int, chains: list[dict[str, Any]]) -> dict[str, Any]:
    """The chains of the HTTPS listener, over QUIC."""
    copies = json.loads(json.dumps(chains))
    for chain in copies:
        common = chain["transport_socket"]["typed_config"]["common_tls_context"] | {"alpn_protocols": ["h3"]}
        chain["transport_socket"] = {
            "name": "envoy.transport_sockets.quic",
            "typed_config": {"@type": TYPE + _QUIC, "downstream_tls_context": {"common_tls_context": common}},
        }
        for filter in chain["filters"]:
            filter["typed_config"] |= {"codec_type": "HTTP3", "http3_protocol_options": {}}
            del filter["typed_config"]["upgrade_configs"]
    udp = {"quic_options": {}, "downstream_socket_config": {"prefer_gro": True}}
    return {"name": "http3", "address": _place(port), "udp_listener_config": udp, "filter_chains": copies}


def _echo(port: int) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _place(port)}}]}]
    return {"name": "echo", "type": "STATIC", "load_assignment": {"cluster_name": "echo", "endpoints": endpoints}}
