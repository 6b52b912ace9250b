"""What the rules of the CRDs say beyond the pairs of objects that tests/test_cel.py compares."""

from collections.abc import Mapping
from typing import Any

import pytest

from egc.compiler import KINDS
from egc.diagnostics import Severity, Sink
from egc.gatewayapi import validity
from egc.kube.parse import parse
from egc.options import OnError
from egc.source import read
from tests.property.building import build_texts, text_of
from tests.property.strategies import API, gateway_class

REPLACED = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}
SITE = text_of([gateway_class()])


def made(kind: str, spec: Mapping[str, Any], version: str = API) -> dict[str, Any]:
    """An object of the Gateway API."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def told(obj: Mapping[str, Any]) -> list[str]:
    """Code and message of every error that is reported of an object alone."""
    sink = Sink()
    validity.check(parse(read("a.yaml", text_of([obj]), sink), KINDS, sink), sink)
    return [f"{found.rule.code} {found.message}" for found in sink.sorted() if found.severity is Severity.ERROR]


def test_keys() -> None:
    """Keys of labels and annotations have a form."""
    listeners = [{"name": "a", "protocol": "HTTP", "port": 80}]
    infrastructure = {"labels": {"-team": "web"}, "annotations": {"a" * 253 + "/b": "c"}}
    assert told(
        made("Gateway", {"gatewayClassName": "eg", "listeners": listeners, "infrastructure": infrastructure})
    ) == [
        'EGC2135 "-team" cannot be the key of a label',
        f'EGC2135 "{"a" * 60}" has 253 characters before the slash, more than 252',
    ]


def test_address_names() -> None:
    """An address that is a host name has the form of one, although no Gateway of egc can have it."""
    listeners = [{"name": "a", "protocol": "HTTP", "port": 80}]
    addresses = [{"type": "Hostname", "value": "Shop.example"}, {"type": "Hostname", "value": "*.shop.example"}]
    assert told(made("Gateway", {"gatewayClassName": "eg", "listeners": listeners, "addresses": addresses})) == [
        'EGC2134 "Shop.example" is not a host name'
    ]


def test_two_backends_that_replace_the_prefix() -> None:
    """Where the schema asks of exactly one backend, two are refused all the same."""
    backends = [{"name": name, "port": 80, "filters": [REPLACED]} for name in ("a", "b")]
    rule = {"matches": [{"path": {"type": "Exact", "value": "/a"}}], "backendRefs": backends}
    assert (
        told(made("HTTPRoute", {"rules": [rule]}))
        == ["EGC2046 ReplacePrefixMatch needs a rule with one PathPrefix match"] * 2
    )


@pytest.mark.parametrize(
    ("refs", "message"),
    [
        ([{}, {"sectionName": "a"}], "one says neither sectionName nor port, the other sectionName"),
        ([{"port": 80}, {"sectionName": "a", "port": 81}], "one says port, the other sectionName and port"),
    ],
)
def test_parents_that_are_not_told_apart(refs: list[dict[str, Any]], message: str) -> None:
    """It is said what each of two parentRefs says."""
    found = told(made("HTTPRoute", {"parentRefs": [{"name": "web", **ref} for ref in refs]}))
    assert found == [f'EGC2100 of two parentRefs to Gateway "web" {message}']


@pytest.mark.parametrize(
    ("ref", "part"),
    [
        ({}, ""),
        ({"sectionName": "a"}, ', sectionName "a"'),
        ({"sectionName": "a", "port": 80}, ', sectionName "a", port 80'),
    ],
)
def test_parents_named_twice(ref: dict[str, Any], part: str) -> None:
    """It is said which part of a parent is named again."""
    found = told(made("HTTPRoute", {"parentRefs": [{"name": "web", **ref}] * 2}))
    assert found == [f'EGC2100 Gateway "web"{part} is named twice']


def test_what_nothing_attaches_to_is_judged() -> None:
    """An object is judged by itself, whatever else the site has."""
    route = made("HTTPRoute", {"parentRefs": [{"name": "nobody"}], "rules": [{"filters": [{"type": "CORS"}]}]})
    assert 'EGC2044 a filter of type CORS needs "cors"' in told(route)


@pytest.mark.parametrize("version", ["v1", "v1alpha3"])
def test_an_old_version_has_fewer_rules(version: str) -> None:
    """The v1alpha2 of TLSRoute has no rules for hostnames."""
    spec = {"hostnames": ["192.0.2.7"], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}
    group = API.rpartition("/")[0]
    assert told(made("TLSRoute", spec, f"{group}/{version}")) == ['EGC2104 "192.0.2.7" is an IP address, not a name']
    assert told(made("TLSRoute", spec, f"{group}/v1alpha2")) == []


def test_a_port_with_two_settings_is_not_served() -> None:
    """Nobody knows which of two entries protects a port: its listener stays down, the others are served."""
    tls = {"certificateRefs": [{"name": "shop"}]}
    ports = {"open": 443, "unclear": 8443}
    listeners = [{"name": name, "protocol": "HTTPS", "port": port, "tls": tls} for name, port in ports.items()]
    frontend = {"default": {}, "perPort": [{"port": 8443, "tls": {}}, {"port": 8443, "tls": {}}]}
    spec = {"gatewayClassName": "eg", "listeners": listeners, "tls": {"frontend": frontend}}
    found = build_texts({"a.yaml": SITE + text_of([made("Gateway", spec)])}, on_error=OnError.DEGRADE, format="json")
    assert {problem.rule.code for problem in found.diagnostics} >= {"EGC2132"}
    served = {listener["name"] for listener in found.bootstrap["static_resources"]["listeners"]}
    assert any("open" in name for name in served) and not any("unclear" in name for name in served)
