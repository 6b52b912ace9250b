"""Of every case, what ``egc routes`` lists is what Envoy is given."""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from egc.compiler import Build, build
from egc.diagnostics import Sink
from egc.listing import routes
from egc.listing.entries import Entry, Host, Port
from egc.listing.requests import Verdict, judge
from egc.options import OnError
from egc.plan.names import NO_CLUSTER
from tests.case import Case, cases
from tests.serve.requests import Entry as Sent
from tests.serve.requests import load

TCP_PROXY = "envoy.filters.network.tcp_proxy"
MISDIRECTED = 421
ELSEWHERE = {
    "acme": "certbot answers",
    "external_auth": "an authorizer may answer",
    "path_normalization": "the path is another one when routes are tried",
}
"""Features where something else decides, and what."""

ABNORMAL = re.compile(r"//|/\.|%")


def served(hosts: list[dict[str, Any]]) -> list[tuple[str, object]]:
    """The routes of virtual hosts in Envoy's configuration, and what each does."""
    found: list[tuple[str, object]] = []
    for route in (route for host in hosts for route in host.get("routes", [])):
        if "direct_response" in route:
            does: object = route["direct_response"]["status"]
        else:
            does = "redirect" if "redirect" in route else "forward"
        found.append((route["name"], does))
    return found


def told(host: Host) -> list[tuple[str, object]]:
    """The same, as it is listed."""
    return [(rule.name, _does(rule)) for rule in host.rules]


def _does(rule: Entry) -> object:
    if rule.answer.type == "respond":
        return rule.answer.status
    return "redirect" if rule.answer.type == "redirect" else "forward"


def managers(node: Any) -> Iterator[dict[str, Any]]:
    """Every route configuration of a listener of Envoy."""
    for chain in [*node.get("filter_chains", []), *filter(None, [node.get("default_filter_chain")])]:
        for filter_ in chain.get("filters", []):
            if "route_config" in filter_["typed_config"]:
                yield filter_["typed_config"]["route_config"]


def passed_on(node: Any) -> dict[str, str]:
    """What becomes of connections that a listener of Envoy does not look into, by the names of its chains."""
    found = {}
    for chain in node.get("filter_chains", []):
        for proxy in (entry["typed_config"] for entry in chain["filters"] if entry["name"] == TCP_PROXY):
            found[chain["name"]] = "reject" if proxy.get("cluster") == NO_CLUSTER else "forward"
    return found


def built(case: Case) -> Build:
    """What comes of a case; what is at fault is left out."""
    with contextlib.chdir(case.folder):
        options = replace(case.options, validate=False, on_error=OnError.DEGRADE, format="json")
        return build(options, Sink(lenient=case.lenient))


@pytest.mark.parametrize("case", [case for case in cases() if not case.whole], ids=str)
def test_cases(case: Case) -> None:
    """The same routes in the same order, each to the same end."""
    done = built(case)
    if done.bundle is None:
        pytest.skip("nothing is served")
    (text,) = (artifact.content for artifact in done.bundle.artifacts if artifact.path == "envoy.json")
    emitted = {node["name"]: node for node in json.loads(text)["static_resources"].get("listeners", [])}
    for port in routes.ports(done.plan):
        hosts = [host for table in managers(emitted[port.name]) for host in table.get("virtual_hosts", [])]
        assert [route for host in port.hosts if host.hostnames for route in told(host)] == served(hosts)
        if port.protocol != "UDP":
            unread = {host.name: host.rules[0].answer.type for host in port.hosts if not host.hostnames}
            assert unread == passed_on(emitted[port.name])


def verdicts(ports: Iterable[Port], entry: Sent) -> list[Verdict]:
    """What is said of a request of a case."""
    request = entry.request
    host = re.sub(r":[0-9]+$", "", request.authority)
    scheme, name = ("http", host) if request.sni is None else ("https", request.sni)
    headers = {"host": request.authority} | {key.lower(): value for key, value in request.headers}
    method = "POST" if request.method == "GRPC" else request.method
    return judge(ports, f"{scheme}://{name}:{entry.listener}{request.target}", method, headers)


ANSWERED = [case for case in cases() if case.requests is not None and case.folder.parent.name not in ELSEWHERE]


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_requests_of_cases(case: Case) -> None:
    """Where the requests of a case find a backend, or are sent elsewhere, as a real Envoy shows, they are said to."""
    assert case.requests is not None
    ports = routes.ports(built(case).plan)
    for entry in load(case.requests):
        request = entry.request
        if request.transport or request.sni == "" or not isinstance(entry.listener, int):
            continue
        if ABNORMAL.search(request.target):
            continue
        rules = [verdict.rule for verdict in verdicts(ports, entry) if verdict.rule is not None]
        if entry.expect.backend:
            endpoints = [endpoint for rule in rules for share in rule.answer.backends for endpoint in share.endpoints]
            assert entry.expect.backend in endpoints, entry.name
        if entry.expect.status == MISDIRECTED:
            assert [rule.answer.status for rule in rules] == [MISDIRECTED], entry.name
        if entry.expect.backend is None and "location" in entry.expect.headers:
            assert [rule.answer.type for rule in rules] == ["redirect"], entry.name
