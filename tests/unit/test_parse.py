"""Documents to typed objects: what counts as absent, what is left out, and what is remembered as broken."""

from typing import TYPE_CHECKING, cast

import pytest

from egc.compiler import KINDS
from egc.diagnostics import Sink
from egc.kube.model import Model
from egc.kube.parse import parse
from egc.kube.resources import Resources
from egc.source import read

if TYPE_CHECKING:
    from egc.kube.core import ConfigMap

ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, labels: null}
spec:
  parentRefs: [{name: web, namespace: ~, sectionName: }]
  hostnames: null
  rules:
  - matches: [{path: null, method: GET}]
    filters:
    backendRefs: [{name: cart, port: 8000, weight: null}]
"""


def parsed(text: str) -> tuple[Resources, list[str]]:
    """The objects of a text, and code, line, column and message of all that is said of it."""
    sink = Sink()
    resources = parse(read("in.yaml", text, sink), KINDS, sink)
    told = []
    for found in sink.sorted():
        assert found.place is not None and found.place.span is not None
        told.append(f"{found.rule.code} {found.place.span.line}:{found.place.span.column} {found.message}")
    return resources, told


def test_null_is_absent() -> None:
    """A field that is null has its default, as for the API server."""
    resources, told = parsed(ROUTE)
    assert told == []
    (found,) = resources.all()
    spelt, _ = parsed(
        ROUTE.replace(", labels: null", "")
        .replace(", namespace: ~, sectionName: ", "")
        .replace("  hostnames: null\n", "")
        .replace("path: null, ", "")
        .replace("    filters:\n", "")
        .replace(", weight: null", "")
    )
    assert [found] == list(spelt.all())


@pytest.mark.parametrize("more", ["", ", uid: null"])
@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_null_is_an_empty_text(kind: str, more: str) -> None:
    """A label without a value is there: a selector that asks for it must find it."""
    meta = f"metadata: {{name: a, labels: {{closed: }}, annotations: {{a: null}}{more}}}"
    resources, told = parsed(f"apiVersion: v1\nkind: {kind}\n{meta}\ndata: {{a: null, b: eA==}}\n")
    assert told == []
    found = cast("ConfigMap", next(iter(resources.all())))
    assert (found.metadata.labels, found.metadata.annotations) == ({"closed": ""}, {"a": ""})
    assert found.data == {"a": "", "b": "eA=="}


def test_null_is_missing() -> None:
    """A required field that is null is missing, and that is said where it stands."""
    _, told = parsed(ROUTE.replace("{name: cart,", "{name: null,"))
    assert told == ['EGC1042 10:26 "name" is missing']


def test_null_in_a_list() -> None:
    """An item that is null is no absent one: its place counts."""
    _, told = parsed(ROUTE.replace("parentRefs: [", "parentRefs: [null, "))
    assert told == ['EGC1043 5:16 an item of "parentRefs" must be a mapping, not empty']


def test_null_costs_nothing_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound object is validated once."""
    calls = []
    honest = Model.model_validate.__func__  # type: ignore[attr-defined]  # a class method's function

    def counting(cls: type[Model], /, *args: object, **kwargs: object) -> object:
        calls.append(cls.__name__)
        return honest(cls, *args, **kwargs)

    monkeypatch.setattr(Model, "model_validate", classmethod(counting))
    parsed("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    assert calls == ["Namespace"]


def test_a_misspelt_field_is_told_once() -> None:
    """A required field under a misspelt name is unknown, not missing too; another one still is."""
    _, told = parsed("apiVersion: v1\nkind: Namespace\nmetadata: {nam: shop}\n")
    assert told == ['EGC1041 3:12 unknown field "nam"']
    _, told = parsed("apiVersion: v1\nkind: Namespace\nmetadata: {colour: shop}\n")
    assert told == ['EGC1042 3:11 "name" is missing', 'EGC1041 3:12 unknown field "colour"']


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a]", "1:1 not a Kubernetes object, but a list"),
        ("a", '1:1 not a Kubernetes object, but the string "a"'),
        ("kind: Namespace", '1:1 not a Kubernetes object: "apiVersion" is missing'),
        ("{apiVersion: 1, kind: Namespace}", '1:14 not a Kubernetes object: "apiVersion" must be a string'),
        ("{kind: List, items: [{kind: A}]}", '1:22 not a Kubernetes object: "apiVersion" is missing'),
    ],
)
def test_not_an_object(text: str, told: str) -> None:
    """What is no object is told, with what it lacks."""
    assert parsed(text)[1] == [f"EGC1040 {told}"]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{endpoints: []}", 'EGC1044 4:19 "endpoints" is empty'),
        ("{endpoints: {}}", 'EGC1043 4:19 "endpoints" must be a list, not a mapping'),
        ("{endpoints: [a]}", 'EGC1043 4:20 an item of "endpoints" must be a mapping, not the string "a"'),
        ("{appProtocols: [h2c]}", 'EGC1045 4:23 "h2c" is not a value of "appProtocols"'),
        (
            "{endpoints: [{hostname: a_b}]}",
            'EGC2150 4:31 hostname: "a_b" is not a host name such as "www.example.com"',
        ),
        ("a", 'EGC1043 4:7 "spec" must be a mapping, not the string "a"'),
    ],
)
def test_words(spec: str, told: str) -> None:
    """Errors of the schema are told in the words of YAML."""
    text = f"apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\nmetadata: {{name: a}}\nspec: {spec}\n"
    assert parsed(text)[1] == [told]


SLICE = "discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    fine: a\n    a b: c", "7:5"),
        ("v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    fine: a\n    a: b c", "7:8"),
        ("v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    fine: a\n    a b: c", "7:5"),
        ("v1\nkind: Service\nspec: {}\nmetadata:\n  labels: {}\n  name: a.b", "6:9"),
        ("v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: b\n  b c: d", "6:3"),
        ("v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  a: b\n  b c: d", "6:3"),
        (f"{SLICE}endpoints:\n- addresses: [192.0.2.1]\n- addresses: [192.0.2.2, a]", "7:26"),
        ("v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - {port: 1, name: a}\n  - {port: 2}", "7:5"),
        (
            "v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - {port: 1, name: a}\n  - {port: 2, name: a}",
            "7:5",
        ),
        (
            "v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - {port: 1, name: a}\n  - {port: 1, name: b}",
            "7:5",
        ),
    ],
)
def test_places(text: str, told: str) -> None:
    """What is said of one entry of many is said where it stands."""
    (found,) = parsed(f"apiVersion: {text}\n")[1]
    assert found.split()[:2] == ["EGC1044", told]


def test_counts() -> None:
    """How many there are is told of mappings too."""
    labels = ", ".join(f"a{i}: b" for i in range(9))
    listeners, infrastructure = "[{name: a, port: 1, protocol: TCP}]", f"{{labels: {{{labels}}}}}"
    spec = f"{{gatewayClassName: eg, listeners: {listeners}, infrastructure: {infrastructure}}}"
    _, told = parsed(f"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert [line.split(" ", 2)[2] for line in told] == ['"labels" has 9 items, more than 8']
