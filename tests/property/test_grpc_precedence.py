"""The route table of GRPCRoutes sends every call where the specification says."""

from hypothesis import given
from hypothesis import strategies as st

from egc.options import OnError
from tests.property import calls, route_table
from tests.property.building import build_texts, text_of
from tests.property.strategies import Plain, Query, Site, gateway


@given(calls.routes(), st.lists(calls.calls, min_size=20, max_size=20))
def test_the_route_table_answers_as_the_specification(routes: list[Plain], asked: list[calls.Call]) -> None:
    """For any GRPCRoutes and any calls, the first route that fits is that of the rule which takes precedence."""
    site = Site(gateway("eg", 8080, [None]), routes, 8080)
    outcome = build_texts({"site.yaml": text_of(site.documents)}, on_error=OnError.DEGRADE, format="json")
    for call in asked:
        query = Query(calls.HOST, f"/{call.service}/{call.method}", "POST", call.headers, {})
        cluster = route_table.cluster(outcome.bootstrap, 8080, query)
        found = cluster.removeprefix("backend/").removesuffix("/grpc") if cluster else None
        assert found == calls.answer(routes, call), call
