"""Backends with filters of their own have routes of their own, which divide the traffic by weight."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from tests.property.building import build_texts, text_of
from tests.property.strategies import HOME, Site, gateway, route

MILLION = 1_000_000
REWRITE = {"type": "URLRewrite", "urlRewrite": {"hostname": "app.internal"}}
weights = st.lists(st.integers(1, 20) | st.integers(1, MILLION), min_size=2, max_size=16)


@given(weights)
def test_routes_divide_the_traffic_by_weight(shares: list[int]) -> None:
    """Each route takes what the ones before it leave, up to the sum of their weights; the last takes the rest."""
    made = gateway("eg", 8080, [None])
    found = route(made, HOME, "app", "", [{}])
    rule = found["spec"]["rules"][0]
    site = Site(made, [found], 8080)
    documents = site.documents
    rule["backendRefs"] = [{**rule["backendRefs"][0], "weight": weight} for weight in shares]
    rule["backendRefs"][0]["filters"] = [REWRITE]
    bootstrap = build_texts({"site.yaml": text_of(documents)}, format="json").bootstrap
    manager = bootstrap["static_resources"]["listeners"][0]["default_filter_chain"]["filters"][0]["typed_config"]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    fractions = [one["match"].get("runtime_fraction", {}).get("default_value", {}) for one in routes]
    assert fractions.pop() == {}
    assert [one["denominator"] for one in fractions] == ["MILLION"] * (len(shares) - 1)
    limits = [one["numerator"] for one in fractions]
    assert limits == sorted(set(limits))
    wanted = [MILLION * sum_ / sum(shares) for sum_ in accumulate(shares[:-1])]
    assert all(abs(limit - exact) <= len(shares) for limit, exact in zip(limits, wanted, strict=True))
