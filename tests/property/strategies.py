"""Sites as people write them, in plain data, and the requests that tell their routes apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Plain = dict[str, Any]
Draw = st.DrawFn

API = "gateway.networking.k8s.io/v1"
HOME = "gateway"
"""The namespace of the Gateways."""

LISTENER_HOSTNAMES = (None, "*.x", "*.a.x", "a.x", "b.a.x")
ROUTE_HOSTNAMES = ("*.x", "*.a.x", "*.b.a.x", "a.x", "b.x", "b.a.x", "c.b.a.x", "y")
HOSTS = ("a.x", "b.x", "b.a.x", "c.a.x", "c.b.a.x", "x", "y", "A.X", "b.a.x:8080")
PATHS = {
    "Exact": ("/", "/a", "/a/", "/a/b", "/ab"),
    "PathPrefix": ("/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab"),
    "RegularExpression": (".*", "/a.*", "/a(/b)?", "/[ab]+", "/a/b/[cd]"),
}
TARGETS = ("/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/ab", "/abc", "/b", "/a/c/b")
METHODS = ("GET", "POST", "PUT")
VALUES = {"Exact": ("a", "b"), "RegularExpression": ("[ab]", "b.*")}
HEADERS = ("x-one", "X-Two")
PARAMETERS = ("p", "q")
NAMESPACES = ("n", "n-a", "n0")
NAMES = ("r", "r-a", "r.a", "r0")
"""Such that the order of ``namespace/name`` as a text is not that of the pair."""

TIMES = ("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", "2025-01-01T00:00:00Z")


@dataclass(frozen=True)
class Site:
    """The documents of a site whose Gateway has the given port; each rule has a backend of its own."""

    gateway: Plain
    routes: list[Plain]
    port: int

    @property
    def documents(self) -> list[Plain]:
        """All documents."""
        return [gateway_class(), self.gateway, *self.routes, *(backend(*key) for key in backends(self.routes))]


@dataclass(frozen=True)
class Query:
    """A request, as far as routing looks at it."""

    host: str
    path: str
    method: str
    headers: Mapping[str, str]
    parameters: Mapping[str, str]


def gateway_class() -> Plain:
    """The GatewayClass of all Gateways."""
    return {
        "apiVersion": API,
        "kind": "GatewayClass",
        "metadata": {"name": "eg"},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    }


def gateway(name: str, port: int, hostnames: Iterable[str | None]) -> Plain:
    """A Gateway with a listener for each hostname, all on one port, that takes routes from everywhere."""
    listeners = [
        {"name": f"l{i}", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "All"}}}
        | ({"hostname": hostname} if hostname else {})
        for i, hostname in enumerate(hostnames)
    ]
    metadata = {"name": name, "namespace": HOME}
    spec = {"gatewayClassName": "eg", "listeners": listeners}
    return {"apiVersion": API, "kind": "Gateway", "metadata": metadata, "spec": spec}


def backend(namespace: str, name: str) -> Plain:
    """A Backend whose host name is its own."""
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "Backend",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"endpoints": [{"fqdn": {"hostname": f"{name}.{namespace}", "port": 80}}]},
    }


def backends(routes: Iterable[Plain]) -> list[tuple[str, str]]:
    """Namespace and name of every backend that some routes forward to."""
    return [
        (route["metadata"]["namespace"], ref["name"])
        for route in routes
        for rule in route["spec"]["rules"]
        for ref in rule["backendRefs"]
    ]


def conditions(names: Iterable[str]) -> st.SearchStrategy[list[Plain]]:
    """Matches of headers or query parameters, at most one for each name."""
    valued = st.sampled_from([(type, value) for type, values in VALUES.items() for value in values])
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, valued)).map(
        lambda found: [
            ({"type": type} if type != "Exact" else {}) | {"name": name, "value": value}
            for name, (type, value) in found.items()
        ]
    )


paths = st.sampled_from([None, *({"type": type, "value": value} for type in PATHS for value in PATHS[type])])


@st.composite
def matches(draw: Draw, among: list[Plain | None]) -> Plain:
    """One match with one of the given paths. What it does not mention is left out, as people do."""
    match: Plain = {}
    if path := draw(st.sampled_from(among)):
        match["path"] = dict(path)
    if method := draw(st.sampled_from([None, *METHODS])):
        match["method"] = method
    if headers := draw(conditions(HEADERS)):
        match["headers"] = headers
    if parameters := draw(conditions(PARAMETERS)):
        match["queryParams"] = parameters
    return match


def route(gateway: Plain, namespace: str, name: str, time: str, rules: list[Plain]) -> Plain:
    """An HTTPRoute of a Gateway, created at a time unless that is empty; its rules forward to backends of their own."""
    parent = {"name": gateway["metadata"]["name"], "namespace": HOME}
    metadata = {"name": name, "namespace": namespace} | ({"creationTimestamp": time} if time else {})
    for i, rule in enumerate(rules):
        rule["backendRefs"] = [{"group": "gateway.envoyproxy.io", "kind": "Backend", "name": f"{name}.{i}"}]
    spec = {"parentRefs": [parent], "rules": rules}
    return {"apiVersion": API, "kind": "HTTPRoute", "metadata": metadata, "spec": spec}


@st.composite
def routes(draw: Draw, gateway: Plain, suffix: str = "") -> list[Plain]:
    """HTTPRoutes of a Gateway."""
    among = draw(st.lists(paths, min_size=1, max_size=4))  # few, so that other things decide, too
    sections = [entry["name"] for entry in gateway["spec"]["listeners"]]
    found: list[Plain] = []
    keys = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(NAMES))
    for namespace, name in draw(st.lists(keys, min_size=1, max_size=4, unique=True)):
        matched = draw(st.lists(st.lists(matches(among), max_size=3), min_size=1, max_size=3))
        rules: list[Plain] = [{"matches": several} if several else {} for several in matched]
        found.append(route(gateway, namespace, name + suffix, draw(st.sampled_from(["", "", *TIMES])), rules))
        spec = found[-1]["spec"]
        if section := draw(st.sampled_from([None, *sections])):
            spec["parentRefs"][0]["sectionName"] = section
        if hostnames := draw(st.lists(st.sampled_from(ROUTE_HOSTNAMES), max_size=3, unique=True)):
            spec["hostnames"] = hostnames
    return found


@st.composite
def sites(draw: Draw, port: int = 8080, name: str = "eg") -> Site:
    """A Gateway with a few listeners on one port, and a few HTTPRoutes."""
    hostnames = draw(st.lists(st.sampled_from(LISTENER_HOSTNAMES), min_size=1, max_size=3, unique=True))
    made = gateway(name, port, hostnames)
    return Site(made, draw(routes(made, f".{name}")), port)


def _values(names: Iterable[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, st.sampled_from(["a", "b", "bc"])))


queries = st.builds(
    Query,
    st.sampled_from(HOSTS),
    st.sampled_from(TARGETS),
    st.sampled_from(METHODS),
    _values(HEADERS),
    _values(PARAMETERS),
)
