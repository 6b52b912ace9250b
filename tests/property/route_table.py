"""A walk through a route table as Envoy does it, for the part of its API that egc emits; anything else is an error.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
"""

import re
from collections.abc import Mapping
from typing import Any

from tests.property.strategies import Query

Node = dict[str, Any]


def cluster(bootstrap: Node, port: int, query: Query) -> str | None:
    """The cluster that a plain listener sends a request to, None if it finds no route."""
    host = _host(_route_configuration(bootstrap, port), query.host.lower().partition(":")[0])
    for route in host.get("routes", []) if host is not None else []:
        if _fits(route["match"], query):
            name = route["route"]["cluster"]
            assert isinstance(name, str)
            return name
    return None


def clusters(bootstrap: Node, port: int) -> list[str]:
    """The clusters of all routes, in their order, of a plain listener that serves one host."""
    (host,) = _route_configuration(bootstrap, port)["virtual_hosts"]
    return [route["route"]["cluster"] for route in host["routes"]]


def _route_configuration(bootstrap: Node, port: int) -> Node:
    (listener,) = (
        entry
        for entry in bootstrap["static_resources"]["listeners"]
        if entry["address"]["socket_address"]["port_value"] == port
    )
    (manager,) = listener["default_filter_chain"]["filters"]
    configuration: Node = manager["typed_config"]["route_config"]
    assert configuration["ignore_port_in_host_matching"]
    return configuration


def _host(configuration: Node, name: str) -> Node | None:
    """The virtual host: an exact domain, else the longest wildcard, else ``*``."""
    hosts = {domain: host for host in configuration.get("virtual_hosts", []) for domain in host["domains"]}
    suffixes = [name[i:] for i in range(1, len(name)) if name[i] == "."]
    return next((hosts[domain] for domain in (name, *(f"*{s}" for s in suffixes), "*") if domain in hosts), None)


def _fits(match: Node, query: Query) -> bool:
    rest = dict(match)
    headers = {":method": query.method, ":authority": query.host}
    headers |= {name.lower(): value for name, value in query.headers.items()}
    listed = all(_has(matcher, matcher["name"].lower(), headers) for matcher in rest.pop("headers", []))
    asked = all(_has(matcher, matcher["name"], query.parameters) for matcher in rest.pop("query_parameters", []))
    ((kind, value),) = rest.items()
    return _has_path(kind, value, query.path) and listed and asked


def _has(matcher: Node, name: str, given: Mapping[str, str]) -> bool:
    assert matcher.keys() == {"name", "string_match"}
    return name in given and _is_value(matcher["string_match"], given[name])


def _is_value(string: Node, value: str) -> bool:
    ((kind, wanted),) = string.items()
    if kind == "exact":
        return bool(value == wanted)
    assert kind == "safe_regex"
    return re.fullmatch(wanted["regex"], value) is not None


def _has_path(kind: str, value: Any, path: str) -> bool:
    match kind:
        case "path":
            return bool(path == value)
        case "prefix":
            return path.startswith(value)
        case "path_separated_prefix":
            return path == value or path.startswith(f"{value}/")
        case "safe_regex":
            return re.fullmatch(value["regex"], path) is not None
    raise AssertionError(f"egc emits {kind}: teach it to this walk")
