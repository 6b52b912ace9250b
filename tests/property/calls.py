"""GRPCRoutes and calls that hit or narrowly miss their matches, and which rule answers a call by the specification.

https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.property.strategies import API, HOME, NAMES, NAMESPACES, TIMES, Draw, Plain

SERVICES = ("a", "a.B", "a.BB", "c.D")
METHODS = ("Get", "GetAll", "Set")
SERVICE_PATTERNS = ("a.*", "a\\.B+", "a|c.*")
METHOD_PATTERNS = ("Get.*", "Get|Set", ".*")
HEADERS = ("x-one", "X-Two")
VALUES = ("1", "2")
HOST = "grpc.example"


@dataclass(frozen=True)
class Call:
    """A call of gRPC."""

    service: str
    method: str
    headers: dict[str, str] = field(default_factory=dict)


calls = st.builds(
    Call,
    st.sampled_from(SERVICES),
    st.sampled_from(METHODS),
    st.dictionaries(st.sampled_from([name.lower() for name in HEADERS]), st.sampled_from(VALUES)),
)


@st.composite
def matches(draw: Draw) -> Plain:
    """A match with any of its members."""
    match: Plain = {}
    how = draw(st.sampled_from(["", "Exact", "Exact", "RegularExpression"]))
    if how:
        services, methods = (SERVICES, METHODS) if how == "Exact" else (SERVICE_PATTERNS, METHOD_PATTERNS)
        parts = {"service": draw(st.sampled_from(services)), "method": draw(st.sampled_from(methods))}
        left_out = draw(st.sampled_from(["", "service", "method"]))
        match["method"] = {"type": how, **{name: value for name, value in parts.items() if name != left_out}}
    headers = [
        {"name": name, "type": kind, "value": value if kind == "Exact" else f"[{value}x]"}
        for name in draw(st.lists(st.sampled_from(HEADERS), unique=True, max_size=2))
        for kind in [draw(st.sampled_from(["Exact", "RegularExpression"]))]
        for value in [draw(st.sampled_from(VALUES))]
    ]
    return match | ({"headers": headers} if headers else {})


@st.composite
def routes(draw: Draw, gateway: str = "eg") -> list[Plain]:
    """GRPCRoutes for one host; every rule has a backend of its own."""
    keys = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(NAMES))
    return [_route(draw, gateway, *key) for key in draw(st.lists(keys, unique=True, min_size=1, max_size=3))]


def _route(draw: Draw, gateway: str, namespace: str, name: str) -> Plain:
    time = draw(st.sampled_from(["", *TIMES]))
    rules = []
    for i in range(draw(st.integers(1, 4))):
        backend = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": f"{gateway}-{name}-{i}"}
        rules.append({"matches": draw(st.lists(matches(), max_size=3)), "backendRefs": [backend]})
    metadata = {"namespace": namespace, "name": f"{gateway}-{name}"} | ({"creationTimestamp": time} if time else {})
    spec = {"parentRefs": [{"name": gateway, "namespace": HOME}], "hostnames": [HOST], "rules": rules}
    return {"apiVersion": API, "kind": "GRPCRoute", "metadata": metadata, "spec": spec}


def answer(found: list[Plain], call: Call) -> str | None:
    """The backend (namespace/name) that answers, None if no rule does."""
    ranked = [one for route in found for one in _ranked(route, call)]
    return min(ranked)[1] if ranked else None


def _ranked(route: Plain, call: Call) -> Iterator[tuple[tuple[object, ...], str]]:
    metadata = route["metadata"]
    age = metadata.get("creationTimestamp", "9999"), f"{metadata['namespace']}/{metadata['name']}"
    for i, rule in enumerate(route["spec"]["rules"]):
        for j, match in enumerate(rule["matches"] or [{}]):
            if _fits(match, call):
                rank = (*_characters(match.get("method", {})), -len(match.get("headers", [])))
                yield (*rank, *age, i, j), f"{metadata['namespace']}/{rule['backendRefs'][0]['name']}"


def _characters(called: Plain) -> tuple[int, int, int]:
    """Characters in the service and in the method. How expressions rank among names is Envoy Gateway's choice."""
    service, method = called.get("service", ""), called.get("method", "")
    if called.get("type") == "RegularExpression":
        return 1, -len(service) - len(method), 0
    return 0 if service and method else 2, -len(service), -len(method)


def _fits(match: Plain, call: Call) -> bool:
    called = match.get("method", {})
    exact = called.get("type") != "RegularExpression"
    parts = ((called.get("service"), call.service), (called.get("method"), call.method))
    named = all(
        wanted is None or (given == wanted if exact else re.fullmatch(wanted, given)) for wanted, given in parts
    )
    headers = match.get("headers", [])
    return named and all(_has(entry, call.headers.get(entry["name"].lower())) for entry in headers)


def _has(entry: Plain, given: str | None) -> bool:
    if given is None:
        return False
    return given == entry["value"] if entry["type"] == "Exact" else re.fullmatch(entry["value"], given) is not None
