"""The versions of the Gateway API's kinds: those that are served are read, others are refused by name."""

import pytest

from egc.compiler import KINDS
from egc.diagnostics import Sink
from egc.gatewayapi.models import KINDS as GATEWAY_API
from egc.kube.parse import parse
from egc.source import read
from tests.cel.schema import CRDS, schemas

GROUP = "gateway.networking.k8s.io"
VERSIONS = ("v1", "v1beta1", "v1alpha3", "v1alpha2")
OTHERS = [
    (f"{GROUP}/{version}", kind)
    for kind in sorted({kind for _, kind in GATEWAY_API})
    for version in VERSIONS
    if (f"{GROUP}/{version}", kind) not in GATEWAY_API
]


@pytest.mark.skipif(not CRDS.is_dir(), reason=f"VERSIONS ARE NOT COMPARED: no CRDs in {CRDS}, set EGC_CRDS")
def test_served_versions_are_read() -> None:
    """egc reads just the versions that a cluster serves."""
    assert set(GATEWAY_API) == set(schemas())


@pytest.mark.parametrize(("api_version", "kind"), OTHERS)
def test_other_versions_are_refused(api_version: str, kind: str) -> None:
    """A version that is not served is refused, and it is said which one is."""
    sink = Sink()
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}\n"
    parse(read("a.yaml", text, sink), KINDS, sink)
    (found,) = sink.found
    assert (found.rule.code, found.help) == ("EGC4001", f"use apiVersion: {GROUP}/v1")
    assert found.message == f"{kind} is not known as {api_version}"
    assert found.place and found.place.span and found.place.span.line == 1
