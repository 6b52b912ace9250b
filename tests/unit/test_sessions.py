"""Which backends a session can span, and what becomes of it otherwise."""

from typing import Any

import pytest

from egc.options import OnError
from tests.property.building import build_texts, text_of
from tests.property.strategies import API, HOME, gateway, gateway_class

ADDRESS = {"ip": {"address": "192.0.2.1", "port": 80}}
OTHER_ADDRESS = {"ip": {"address": "192.0.2.2", "port": 80}}
NAME = {"fqdn": {"hostname": "app.local", "port": 80}}
SOCKET = {"unix": {"path": "/run/app.sock"}}
H2C = {"appProtocols": ["gateway.envoyproxy.io/h2c"]}
EDITS = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x-secret"]}}


def told(one: dict[str, Any], two: dict[str, Any], kind: str = "HTTPRoute", **ref: Any) -> list[str]:
    """What is said of a rule with sessions over two Backends."""
    refs = [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": name} for name in ("one", "two")]
    rule = {"sessionPersistence": {}, "backendRefs": [refs[0], refs[1] | ref]}
    spec = {"parentRefs": [{"name": "eg"}], "rules": [rule]}
    documents = [gateway_class(), gateway("eg", 8080, [None])]
    documents.append({"apiVersion": API, "kind": kind, "metadata": {"name": "r", "namespace": HOME}, "spec": spec})
    for name, backend in (("one", one), ("two", two)):
        api, metadata = "gateway.envoyproxy.io/v1alpha1", {"name": name, "namespace": HOME}
        documents.append({"apiVersion": api, "kind": "Backend", "metadata": metadata, "spec": backend})
    outcome = build_texts({"site.yaml": text_of(documents)}, on_error=OnError.DEGRADE)
    found = [d for d in outcome.diagnostics if d.rule.code.startswith("EGC2")]
    assert (b"direct_response" in outcome.files["envoy.yaml"]) is bool(found)
    return [f"{d.rule.code} {d.message.rpartition(': ')[2]}" for d in found]


@pytest.mark.parametrize(
    ("one", "two", "problem"),
    [
        ({"endpoints": [ADDRESS]}, {"endpoints": [NAME]}, "is a DNS name, the first is an address"),
        ({"endpoints": [SOCKET]}, {"endpoints": [ADDRESS]}, "is an address, the first is a unix socket"),
        ({"endpoints": [ADDRESS]}, {"endpoints": [OTHER_ADDRESS], **H2C}, "speaks another protocol than the first"),
    ],
)
def test_backends_that_differ(one: dict[str, Any], two: dict[str, Any], problem: str) -> None:
    """They are named, and the rule answers 500."""
    assert told(one, two) == [f'EGC2205 "two" {problem}']


def test_filters_of_a_backend() -> None:
    """What is done for one backend alone would be done for none."""
    alike = {"endpoints": [ADDRESS]}, {"endpoints": [OTHER_ADDRESS]}
    assert told(*alike, filters=[EDITS]) == ['EGC2205 "two" has filters of its own']


def test_backends_that_do_not_matter() -> None:
    """One that takes no traffic may be as it likes, and gRPC is HTTP/2 to all."""
    assert told({"endpoints": [ADDRESS]}, {"endpoints": [NAME]}, weight=0) == []
    assert told({"endpoints": [ADDRESS]}, {"endpoints": [OTHER_ADDRESS], **H2C}, kind="GRPCRoute") == []
