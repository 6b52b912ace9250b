"""The checks of names in Envoy's configuration find what is wrong."""

from typing import Any

import pytest

from tests.coherence import faults


def bootstrap(**changes: Any) -> dict[str, Any]:
    """A configuration without faults, with some of its parts changed."""
    route = {"name": "r", "route": {"cluster": "c"}, "typed_per_filter_config": {"cors": {}}}
    host = {"name": "h", "domains": ["a.example"], "routes": [route]}
    table = {"name": "t", "virtual_hosts": [host]}
    config = {"route_config": table, "http_filters": [{"name": "cors"}, {"name": "router"}]}
    tls = {"tls_certificate_sds_secret_configs": [{"name": "s"}, {"name": "watched", "sds_config": {}}]}
    chain = {"name": "f", "filters": [{"typed_config": config}], "transport_socket": {"typed_config": tls}}
    static = {
        "listeners": [{"name": "l", "filter_chains": [chain]}],
        "clusters": [{"name": "c"}],
        "secrets": [{"name": "s"}],
    }
    for part, change in (("route", route), ("host", host), ("table", table), ("static", static), ("chain", chain)):
        change.update(changes.get(part, {}))
    return {"static_resources": static}


def test_nothing_wrong() -> None:
    """A configuration whose names fit has no faults."""
    assert list(faults(bootstrap())) == []


SPLIT = {"weighted_clusters": {"clusters": [{"name": "c"}, {"name": "d"}, {"name": "invalid-backend-cluster"}]}}
HOST = {"name": "h", "domains": ["b.example"], "routes": [{"name": "r"}]}
TWICE = ["two of virtual host h", "two of domain b.example", "two of route r"]


@pytest.mark.parametrize(
    ("part", "change", "expected"),
    [
        ("static", {"listeners": [{"name": "l"}, {"name": "l"}]}, ["two of listener l"]),
        ("static", {"clusters": [{"name": "c"}, {"name": "c"}]}, ["two of cluster c"]),
        ("static", {"clusters": []}, ["no cluster c"]),
        ("static", {"secrets": [{"name": "s"}, {"name": "s"}]}, ["two of secret s"]),
        ("static", {"secrets": []}, ["no secret s"]),
        ("static", {"listeners": [{"name": "l", "filter_chains": [HOST, HOST]}]}, ["two of filter chain h"]),
        (
            "table",
            {"virtual_hosts": [HOST, HOST]},
            ["two of virtual host h", "two of domain b.example", "two of route r"],
        ),
        ("host", {"domains": ["a", "A"]}, ["two of domain a"]),
        ("route", {"route": SPLIT}, ["no cluster d"]),
        ("route", {"typed_per_filter_config": {"cors": {}, "jwt": {}}}, ["no filter jwt"]),
    ],
)
def test_faults(part: str, change: dict[str, Any], expected: list[str]) -> None:
    """Each fault is found, and nothing else."""
    assert list(faults(bootstrap(**{part: change}))) == expected


def test_two_tables() -> None:
    """Two route tables of one name are a fault."""
    table = {"name": "t", "virtual_hosts": []}
    listener = {"name": "l", "filter_chains": [{"typed_config": {"route_config": table, "http_filters": []}}] * 2}
    assert list(faults({"static_resources": {"listeners": [listener]}})) == ["two of route table t"]
