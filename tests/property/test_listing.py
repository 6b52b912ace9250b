"""``egc routes`` tells of a site what Envoy is given, in the same order, with reasons that are true."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from egc.listing import reasons, requests, routes
from egc.listing.entries import Entry
from egc.options import OnError
from tests.property import route_table
from tests.property.building import Outcome, build_texts, text_of
from tests.property.route_table import Node
from tests.property.strategies import Query, Site, queries, sites


def built(site: Site) -> Outcome:
    """What comes of a site; what is at fault is left out."""
    return build_texts({"site.yaml": text_of(site.documents)}, on_error=OnError.DEGRADE, format="json")


def emitted(bootstrap: Node) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each virtual host: the listener's name, its domains and the names of its routes, in Envoy's configuration."""
    for listener in bootstrap["static_resources"]["listeners"]:
        for chain in [*listener.get("filter_chains", []), listener.get("default_filter_chain")]:
            for manager in chain["filters"] if chain else []:
                for host in manager["typed_config"]["route_config"].get("virtual_hosts", []):
                    yield listener["name"], host["domains"], [route.get("name", "") for route in host.get("routes", [])]


@given(sites())
def test_the_order_is_that_of_the_configuration(site: Site) -> None:
    """The same hosts and the same routes, one after the other."""
    outcome = built(site)
    listed = [
        (port.name, list(host.hostnames), [rule.name for rule in host.rules])
        for port in routes.ports(outcome.built.plan)
        for host in port.hosts
    ]
    of_site = [entry for entry in emitted(outcome.bootstrap) if entry[0] in {name for name, *_ in listed}]
    assert listed == of_site


@given(sites())
def test_the_keys_of_the_reasons_are_those_of_the_order(site: Site) -> None:
    """Routes are sorted by what their reasons are taken from."""
    for listener in built(site).built.plan.listeners:
        for chain in listener.chains:
            for host in chain.hosts:
                keys = [reasons.order(route) for route in host.routes]
                assert keys == sorted(keys)
                assert len(set(keys)) == len(keys)


@settings(max_examples=2 * settings().max_examples)
@given(sites(), st.lists(queries, min_size=10, max_size=10))
def test_a_request_is_taken_by_the_rule_that_is_named(site: Site, asked: list[Query]) -> None:
    """The verdict on a URL is what Envoy's walk through its route table gives, and nothing shadowed is ever chosen."""
    outcome = built(site)
    ports = routes.ports(outcome.built.plan)
    for query in asked:
        cluster = route_table.cluster(outcome.bootstrap, site.port, query)
        parameters = "&".join(f"{name}={value}" for name, value in query.parameters.items())
        headers = {name.lower(): value for name, value in query.headers.items()}
        found = requests.judge(ports, f"http://{query.host}{query.path}?{parameters}", query.method, headers)
        taken = [verdict.rule for verdict in found if verdict.rule is not None]
        assert [backend(rule) for rule in taken] == ([cluster.removeprefix("backend/")] if cluster else [])
        assert not any(rule.shadowed_by for rule in taken)


def backend(rule: Entry) -> str:
    """The backend of a rule that has one."""
    (share,) = rule.answer.backends
    return f"{share.namespace}/{share.name}"
