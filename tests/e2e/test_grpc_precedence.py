"""A real Envoy sends the calls of a real gRPC client where the specification says."""

from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from egc.options import OnError
from tests.property import calls
from tests.property.building import build_texts, text_of
from tests.property.strategies import Plain, Site, gateway, gateway_class
from tests.serve import Site as Served
from tests.serve.calls import Caller
from tests.serve.echo import BACKEND

SITES, CALLS = 40, 60
FIRST_PORT = 10000
SECONDS = 15.0

# Both passes of the suite compile to the same bytes, by test: one of them is enough to serve.
pytestmark = pytest.mark.slow


def drawn() -> list[tuple[Site, list[calls.Call]]]:
    """The same sites in every run, each with a port of its own, and what to call there."""
    found: list[tuple[Site, list[calls.Call]]] = []

    @settings(max_examples=SITES, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.data(), st.lists(calls.calls, min_size=CALLS, max_size=CALLS))
    def draw(data: st.DataObject, asked: list[calls.Call]) -> None:
        name, port = f"g{len(found)}", FIRST_PORT + len(found)
        routes: list[Plain] = data.draw(calls.routes(name))
        found.append((Site(gateway(name, port, [None]), routes, port), asked))

    draw()
    return found


def test_envoy_answers_as_the_specification(envoy: Path, tmp_path: Path) -> None:
    """For many sites at once and many calls to each, the backend that answers is that of the right rule."""
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
            with Caller(served.port(site.port), calls.HOST) as caller:
                for call in asked:
                    expected = calls.answer(site.routes, call)
                    namespace, _, name = (expected or "").partition("/")
                    path, headers = f"/{call.service}/{call.method}", tuple(call.headers.items())
                    status, got, _ = caller.call(path, headers, b"", SECONDS)
                    right = (["OK"], [f"{name}.{namespace}:80"]) if expected else (["UNIMPLEMENTED"], [])
                    if ([status], got.get(BACKEND, [])) != right:
                        wrong.append(f"port {site.port}, {call}: {status} {got.get(BACKEND)} instead of {expected}")
                    answered += expected is not None
    assert not wrong, "\n".join(["", *wrong])
    assert answered > SITES * CALLS // 4
