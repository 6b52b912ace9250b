"""An Envoy that never becomes ready, as its DNS server never answers."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.host.bundles import Layout, make_bundle
from tests.host.supervised import edit


@contextlib.contextmanager
def hanging(layout: Layout) -> Iterator[Path]:
    """A bundle with a cluster whose host is asked of a server that says nothing."""
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield edit(make_bundle(layout, "hanging"), "envoy.yaml", lambda config: _ask(config, silent.getsockname()[1]))


def _ask(config: Any, port: int) -> None:
    resolver = {
        "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        "resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": port}}],
    }
    cluster = config["static_resources"]["clusters"][0]
    cluster["type"] = "STRICT_DNS"
    cluster["typed_dns_resolver_config"] = {"name": "envoy.network.dns_resolver.cares", "typed_config": resolver}
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    endpoint["address"]["socket_address"]["address"] = "nowhere.test"


def admin_epoch(layout: Layout) -> int:
    """The epoch of the Envoy that has the admin socket; it answers within ten seconds."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(layout.run / "admin.sock"))
        connection.sendall(b"GET /server_info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = b""
        while part := connection.recv(65536):
            received += part
    text = received.decode()
    return int(text.partition('"restart_epoch": ')[2].partition(",")[0] or 0)
