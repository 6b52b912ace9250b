"""HTTPRoutes and GRPCRoutes for one hostname: told of each route that has an older one of the other kind."""

from hypothesis import given
from hypothesis import strategies as st

from egc.gatewayapi.rules.hostnames import meet
from tests.property.building import build_texts, text_of
from tests.property.strategies import (
    API,
    HOME,
    LISTENER_HOSTNAMES,
    ROUTE_HOSTNAMES,
    TIMES,
    Plain,
    gateway,
    gateway_class,
)

KINDS = ("HTTPRoute", "GRPCRoute")


def route(index: int, kind: str, time: str, hostnames: list[str]) -> Plain:
    """A route without backends; all of them match differently."""
    service = f"s{index}"
    match = {"path": {"value": f"/{service}"}} if kind == "HTTPRoute" else {"method": {"service": service}}
    metadata = {"namespace": HOME, "name": f"r{index}", "creationTimestamp": time}
    spec = {"parentRefs": [{"name": "eg"}], "hostnames": hostnames, "rules": [{"matches": [match]}]}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


routes = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(TIMES),
        st.lists(st.sampled_from(ROUTE_HOSTNAMES), unique=True, max_size=3),
    ),
    max_size=6,
)


@given(st.lists(st.sampled_from(LISTENER_HOSTNAMES), unique=True, min_size=1, max_size=2), routes)
def test_told_of_each_newer_route(listeners: list[str | None], drawn: list[tuple[str, str, list[str]]]) -> None:
    """As a comparison of each with each finds them."""
    made = [route(i, *one) for i, one in enumerate(drawn)]
    texts = {f"{one['metadata']['name']}.yaml": text_of([one]) for one in made}
    texts["site.yaml"] = text_of([gateway_class(), gateway("eg", 8080, listeners)])
    found = {d.place.file for d in build_texts(texts).diagnostics if d.rule.code == "EGC2200" and d.place is not None}
    expected = {
        f"{newer['metadata']['name']}.yaml"
        for newer in made
        for older in made
        if newer["kind"] != older["kind"] and age(older) < age(newer) and any(at(h, newer, older) for h in listeners)
    }
    assert found == expected


def age(made: Plain) -> tuple[str, str]:
    """What is smaller for the older of two."""
    return made["metadata"]["creationTimestamp"], made["metadata"]["name"]


def at(listener: str | None, one: Plain, other: Plain) -> bool:
    """Whether two routes meet on a listener."""
    mine, theirs = (
        [both for name in made["spec"]["hostnames"] or ["*"] if (both := meet(listener or "*", name))]
        for made in (one, other)
    )
    return any(meet(a, b) for a in mine for b in theirs)
