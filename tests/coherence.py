"""Whether the names in an Envoy configuration fit together, which Envoy itself does not check or not in all places."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

Node = dict[str, Any]

NO_CLUSTER = "invalid-backend-cluster"
"""The name that no cluster has, on purpose."""


def below(node: object, key: str) -> Iterator[Any]:
    """Every value of *key* at or below *node*."""
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from below(item, key)


def faults(bootstrap: Node) -> Iterator[str]:
    """Names that two things have, names that nothing has, and settings for filters that are not in the chain."""
    static = bootstrap["static_resources"]
    listeners, clusters, secrets = ((static.get(key) or []) for key in ("listeners", "clusters", "secrets"))
    tables = list(below(listeners, "route_config"))
    for what, things in (("listener", listeners), ("cluster", clusters), ("secret", secrets), ("route table", tables)):
        yield from _twice(what, _names(things))
    for chains in below(listeners, "filter_chains"):
        yield from _twice("filter chain", _names(chains))
    for table in tables:
        yield from _in_table(table)
    yield from _missing("cluster", _clusters_asked(listeners), {*_names(clusters), NO_CLUSTER})
    asked = [one["name"] for found in below(listeners, _SDS) for one in found if "sds_config" not in one]
    yield from _missing("secret", asked, set(_names(secrets)))
    for manager in _managers(listeners):
        chain = set(_names(manager["http_filters"]))
        for configs in below(manager["route_config"], "typed_per_filter_config"):
            yield from _missing("filter", configs, chain)


_SDS = "tls_certificate_sds_secret_configs"


def _in_table(table: Node) -> Iterator[str]:
    hosts = table.get("virtual_hosts") or []
    yield from _twice("virtual host", _names(hosts))
    yield from _twice("domain", (domain.lower() for host in hosts for domain in host["domains"]))
    yield from _twice("route", _names(route for host in hosts for route in host.get("routes") or []))


def _clusters_asked(listeners: Iterable[Node]) -> Iterator[str]:
    for action in below(listeners, "route"):
        if "cluster" in action:
            yield action["cluster"]
        for weighted in below(action, "weighted_clusters"):
            yield from _names(weighted["clusters"])


def _managers(node: object) -> Iterator[Node]:
    for config in below(node, "typed_config"):
        if "http_filters" in config:
            yield config


def _names(things: Iterable[Node]) -> Iterator[str]:
    return (thing["name"] for thing in things if "name" in thing)


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"two of {what} {name}" for name, count in sorted(Counter(names).items()) if count > 1)


def _missing(what: str, asked: Iterable[str], there: set[str]) -> Iterator[str]:
    yield from (f"no {what} {name}" for name in sorted(set(asked) - there))
