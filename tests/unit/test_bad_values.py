"""Values that people write and the Gateway API forbids: each is told with its place and what to write instead."""

import pytest

from egc.compiler import KINDS
from egc.diagnostics import Sink
from egc.kube.parse import parse
from egc.source import read

ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: shop}}
spec: {}
"""


def mirror(share: str) -> str:
    """A route with a mirror of a share of the traffic."""
    return f"{{rules: [{{filters: [{{type: RequestMirror, requestMirror: {{backendRef: {{name: a}}, {share}}}}}]}}]}}"


@pytest.mark.parametrize(
    ("spec", "code", "message", "help"),
    [
        (
            "{hostnames: ['shop.*.example']}",
            "EGC2150",
            'hostnames: "shop.*.example" is not a host name such as "www.example.com" or "*.example.com"',
            'a wildcard stands only at the beginning: "*.example"',
        ),
        (
            "{rules: [{backendRefs: [{name: a, port: 80, weight: -1}]}]}",
            "EGC1044",
            "weight: -1 is less than 0",
            "from 0 to 1000000",
        ),
        (
            "{rules: [{timeouts: {request: 1.5s}}]}",
            "EGC2151",
            'request: "1.5s" is not a duration such as "10s" or "1h30m"',
            "write 1s500ms",
        ),
        (
            "{rules: [{timeouts: {backendRequest: 1d}}]}",
            "EGC2151",
            'backendRequest: "1d" is not a duration such as "10s" or "1h30m"',
            "write 24h",
        ),
        (
            "{rules: [{timeouts: {request: soon}}]}",
            "EGC2151",
            'request: "soon" is not a duration such as "10s" or "1h30m"',
            "whole numbers with h, m, s or ms, such as 1m30s",
        ),
        (mirror("percent: 101"), "EGC1044", "percent: 101 is more than 100", "from 0 to 100"),
        (mirror("percent: '50%'"), "EGC1043", '"percent" must be an integer, not the string "50%"', "write 50"),
        (mirror("percent: half"), "EGC1043", '"percent" must be an integer, not the string "half"', ""),
        (mirror("percent: '50'"), "EGC1043", '"percent" must be an integer, not the string "50"', "remove the quotes"),
        ("{rules: [{retry: {codes: [200]}}]}", "EGC1044", "codes: 200 is less than 400", "from 400 to 599"),
        ("{rules: [{retry: {attempts: 0}}]}", "EGC1044", "attempts: 0 is less than 1", ""),
    ],
)
def test_a_value_is_refused(spec: str, code: str, message: str, help: str) -> None:
    """The message names the value as it was written, the help what may stand there."""
    sink = Sink()
    parse(read("a.yaml", ROUTE.format(spec), sink), KINDS, sink)
    (found,) = (found for found in sink.found if found.rule.code < "EGC4")
    assert (found.rule.code, found.message, found.help) == (code, message, help)
    assert found.place and found.place.span and found.place.span.line == 4
