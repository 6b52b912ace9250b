"""The route table of a site sends every request where the specification says."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from egc.options import OnError
from tests.property import route_table, specification
from tests.property.building import build_texts, text_of
from tests.property.strategies import NAMES, NAMESPACES, TIMES, Query, Site, gateway, queries, route, sites


@settings(max_examples=2 * settings().max_examples)
@given(sites(), st.lists(queries, min_size=20, max_size=20))
def test_the_route_table_answers_as_the_specification(site: Site, asked: list[Query]) -> None:
    """For any routes and any requests, the first route that fits is that of the rule which takes precedence."""
    outcome = build_texts({"site.yaml": text_of(site.documents)}, on_error=OnError.DEGRADE, format="json")
    bootstrap = outcome.bootstrap
    for query in asked:
        expected = specification.answer(site, query)
        cluster = route_table.cluster(bootstrap, site.port, query)
        assert (cluster.removeprefix("backend/") if cluster else None) == expected, query


@given(st.permutations(list(product(NAMESPACES, NAMES))), st.data())
def test_age_and_name_decide_between_equals(keys: list[tuple[str, str]], data: st.DataObject) -> None:
    """Of equal matches the older route's comes first, then that whose ``namespace/name`` is first as a text."""
    made = gateway("eg", 8080, [None])
    times = {key: data.draw(st.sampled_from(["", "", *TIMES])) for key in keys}
    routes = [route(made, *key, times[key], [{}]) for key in keys]
    outcome = build_texts({"site.yaml": text_of(Site(made, routes, 8080).documents)}, format="json")
    ordered = sorted(keys, key=lambda key: (times[key] or "9999", "/".join(key)))
    assert route_table.clusters(outcome.bootstrap, 8080) == [f"backend/{space}/{name}.0" for space, name in ordered]
