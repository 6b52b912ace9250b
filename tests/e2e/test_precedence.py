"""A real Envoy sends requests where the specification says."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from egc.options import OnError
from tests.property import specification
from tests.property.building import build_texts, text_of
from tests.property.strategies import Query, Site, gateway_class, queries, sites
from tests.serve import Site as Served
from tests.serve.client import Request, send
from tests.serve.echo import BACKEND

SITES, REQUESTS = 50, 70
FIRST_PORT = 10000

# Both passes of the suite compile to the same bytes, by test: one of them is enough to serve.
pytestmark = pytest.mark.slow


def drawn() -> list[tuple[Site, list[Query]]]:
    """The same sites in every run, each with a port of its own, and what to ask them."""
    found: list[tuple[Site, list[Query]]] = []

    @settings(max_examples=SITES, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.data(), st.lists(queries, min_size=REQUESTS, max_size=REQUESTS))
    def draw(data: st.DataObject, asked: list[Query]) -> None:
        number = len(found)
        found.append((data.draw(sites(FIRST_PORT + number, f"g{number}")), asked))

    draw()
    return found


def wire(query: Query) -> Request:
    """A request as it is sent."""
    target = query.path + (f"?{urlencode(query.parameters)}" if query.parameters else "")
    return Request(query.method, query.host, target, headers=tuple(query.headers.items()))


def test_envoy_answers_as_the_specification(envoy: Path, tmp_path: Path) -> None:
    """For many sites at once and many requests to each, the backend that answers is that of the right rule."""
    cases = drawn()
    assert len(cases) == SITES
    documents = [gateway_class(), *(document for site, _ in cases for document in site.documents[1:])]
    outcome = build_texts({"site.yaml": text_of(documents)}, on_error=OnError.DEGRADE)
    for path, content in outcome.files.items():
        (tmp_path / path).write_bytes(content)
    wrong: list[str] = []
    answered = 0
    with Served(tmp_path, envoy) as served:
        for site, asked in cases:
            port = served.port(site.port)
            for query in asked:
                expected = specification.answer(site, query)
                namespace, _, name = (expected or "").partition("/")
                got = send(wire(query), port).headers.get(BACKEND)
                if got != ([f"{name}.{namespace}:80"] if expected else None):
                    wrong.append(f"port {site.port}, {query}: {got} instead of {expected}")
                answered += expected is not None
    assert not wrong, "\n".join(["", *wrong])
    assert answered > SITES * REQUESTS // 4
