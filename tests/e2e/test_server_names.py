"""A real Envoy sends TLS connections where the specification says."""

import json
from pathlib import Path
from random import Random

import pytest

from egc.options import OnError
from tests.property.building import build_texts, text_of
from tests.property.server_names import EVERYTHING, documents, draw, meant
from tests.property.strategies import gateway_class
from tests.serve import Site
from tests.serve.client import RefusedError, Request, send

PORTS = 60
FIRST_PORT = 20000

# Both passes of the suite compile to the same bytes, by test: one of them is enough to serve.
pytestmark = pytest.mark.slow


def asked(site: Site, port: int, name: str) -> tuple[str, bool] | None:
    """The backend that answers for a server name, and whether it got plain text; None if nobody does."""
    try:
        told = json.loads(send(Request("", "", "", name, body=b"hello", transport="tcp"), port).body)
    except RefusedError:
        return None
    return told["backend"].removesuffix(".local:443"), told["tls"] is None


def test_envoy_chooses_as_the_specification(envoy: Path, tmp_path: Path) -> None:
    """For many ports at once and every name, the backend that answers is that of the right route."""
    random = Random(1957)
    ports = [draw(random, FIRST_PORT + i) for i in range(PORTS)]
    objects = [gateway_class(), *(document for port in ports for document in documents(port))]
    outcome = build_texts({"site.yaml": text_of(objects)}, on_error=OnError.DEGRADE)
    for path, content in outcome.files.items():
        (tmp_path / path).write_bytes(content)
    wrong: list[str] = []
    served = 0
    with Site(tmp_path, envoy) as site:
        for port in ports:
            local = site.port(port.number)
            for name in sorted(EVERYTHING):
                shown = name.upper() if random.random() < 0.2 else name
                expected, got = meant(port, name), asked(site, local, shown)
                served += expected is not None
                if got != expected:
                    wrong.append(f'{port}, "{shown}": {got} instead of {expected}')
    assert not wrong, "\n".join(["", *wrong])
    assert PORTS * len(EVERYTHING) // 4 < served < PORTS * len(EVERYTHING) * 3 // 4
