"""Labels and annotations of Gateways, as a running Envoy knows them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from egc.features.infrastructure import METADATA
from tests.case import FIXTURES, Case, load
from tests.serve import Site, envoy_binary, replay
from tests.serve import load as load_requests
from tests.serve.localise import walk

pytestmark = pytest.mark.slow

PLACE = f"LISTENER:{METADATA}"
ASKED = {
    "team": f"%METADATA({PLACE}:default/shop:labels:team)%",
    "name": f"%METADATA({PLACE}:default/shop:labels:gateway.networking.k8s.io/gateway-name)%",
    "owner": f"%METADATA({PLACE}:default/api:annotations:example.com/owner)%",
}
"""What an access log may ask for, besides its own fields."""
SHOP, API = {"team": "shop", "name": "shop", "owner": None}, {"team": None, "name": None, "owner": "api"}
BOTH = {"team": "shop", "name": "shop", "owner": "api"}


@pytest.fixture(scope="module")
def case() -> Case:
    """Listeners of every protocol, for Gateways with labels and without."""
    return load(FIXTURES / "features" / "gateways" / "infrastructure")


@pytest.fixture(scope="module")
def site(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The case, served, and every request made once; its access logs tell of the metadata, too."""
    folder = tmp_path_factory.mktemp("site")
    case.build().write(folder)
    bootstrap = yaml.safe_load((folder / "envoy.yaml").read_text())
    for node in list(walk(bootstrap)):
        if "json_format" in node:
            node["json_format"] |= ASKED
    (folder / "envoy.yaml").write_text(yaml.safe_dump(bootstrap))
    assert case.requests is not None
    with Site(folder, envoy_binary()) as site:
        outcomes = replay(site, load_requests(case.requests))
        assert not [problem for one in outcomes for problem in one.problems]
        yield site


def own(gateway: str) -> dict[str, str]:
    """The labels that tell whose a listener is."""
    prefix = "gateway.networking.k8s.io/gateway"
    return {f"{prefix}-name": gateway, f"{prefix}-class-name": "eg"}


def test_configuration(site: Site) -> None:
    """Envoy's own account of each listener has the labels and annotations of the Gateways that it serves."""
    dump = json.loads(site.admin("/config_dump?resource=static_listeners"))
    listeners: list[dict[str, Any]] = [found["listener"] for found in dump["configs"]]
    told = {found["name"]: found.get("metadata", {}).get("filter_metadata", {}).get(METADATA) for found in listeners}
    shop = {
        "labels": {"team": "shop", "example.com/tier": "1", **own("shop")},
        "annotations": {"example.com/note": '"costs" $5 at 100% {a: b}\né\n', "example.com/empty": ""},
    }
    api = {
        "labels": own("api"),
        "annotations": {"example.com/owner": "api"},
    }
    assert told == {
        "default/api/http": {"default/api": api, "default/shop": shop},
        "default/api/tls": {"default/api": api, "default/shop": shop},
        "default/api/tcp": {"default/api": api},
        "default/shop/dns": {"default/shop": shop},
        "default/shop/default/more/http": {"default/shop": shop},
        "default/plain/alone": None,
        "egc-metrics": None,
    }


@pytest.mark.parametrize(
    ("listener", "expected"),
    [(8080, BOTH), (8081, dict.fromkeys(ASKED)), (8082, SHOP), (8443, BOTH), (9000, API)],
    ids=["http", "http of others", "listener set", "https and tls", "tcp"],
)
def test_access_log(site: Site, listener: int, expected: dict[str, str | None]) -> None:
    """A line of an access log can have them, of requests and of connections that are passed on."""
    here = f"127.0.0.1:{site.port(listener)}"
    deadline = time.monotonic() + 10  # a connection is logged when it ends
    while not (lines := [line for line in site.access_log() if line.get("downstream_local_address") == here]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [{key: line[key] for key in ASKED} for line in lines] == [expected] * len(lines)
