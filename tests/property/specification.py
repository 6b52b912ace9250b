"""Which rule answers a request, as the specification puts it in words, over the plain data of the documents.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
"""

import re
from collections.abc import Iterator

from tests.property.strategies import Plain, Query, Site

TYPES = ("Exact", "RegularExpression", "PathPrefix")


def answer(site: Site, query: Query) -> str | None:
    """The backend (namespace/name) that answers, None if no rule does.

    A request is answered by the most specific listener for its host alone, and there by the routes with the most
    specific hostname alone, as separate virtual hosts.
    """
    host = query.host.lower().partition(":")[0]
    listeners = site.gateway["spec"]["listeners"]
    taking = [entry for entry in listeners if _is_for(entry.get("hostname", "*"), host)]
    if not taking:
        return None
    listener = max(taking, key=lambda entry: _specificity(entry.get("hostname", "*")))
    found: list[tuple[tuple[bool, int], Plain]] = []
    for route in site.routes:
        (parent,) = route["spec"]["parentRefs"]
        if parent.get("sectionName", listener["name"]) == listener["name"]:
            for hostname in route["spec"].get("hostnames", ["*"]):
                if _is_for(hostname, host):
                    shared = max(hostname, listener.get("hostname", "*"), key=_specificity)
                    found.append((_specificity(shared), route))
    best = max((specificity for specificity, _ in found), default=None)
    ranked = [one for specificity, route in found if specificity == best for one in _ranked(route, query)]
    return min(ranked)[1] if ranked else None


def _is_for(pattern: str, host: str) -> bool:
    suffix = pattern.removeprefix("*")
    return host == pattern or (pattern.startswith("*") and host.endswith(suffix) and host != suffix)


def _specificity(pattern: str) -> tuple[bool, int]:
    return "*" not in pattern, len(pattern)


def _ranked(route: Plain, query: Query) -> Iterator[tuple[tuple[object, ...], str]]:
    """Every match of a route that fits, by its precedence: the smallest wins."""
    created = route["metadata"].get("creationTimestamp", "9999")
    name = f"{route['metadata']['namespace']}/{route['metadata']['name']}"
    for i, rule in enumerate(route["spec"]["rules"]):
        for j, match in enumerate(rule.get("matches", [{}])):
            if _fits(match, query):
                path = match.get("path", {"type": "PathPrefix", "value": "/"})
                counts = ["method" in match, len(match.get("headers", [])), len(match.get("queryParams", []))]
                rank = (TYPES.index(path["type"]), -len(path["value"]), *(-count for count in counts))
                yield (*rank, created, name, i, j), f"{route['metadata']['namespace']}/{rule['backendRefs'][0]['name']}"


def _fits(match: Plain, query: Query) -> bool:
    path = match.get("path", {"type": "PathPrefix", "value": "/"})
    headers = {name.lower(): value for name, value in query.headers.items()}
    return (
        _has_path(path["type"], path["value"], query.path)
        and match.get("method", query.method) == query.method
        and all(_has_value(entry, headers.get(entry["name"].lower())) for entry in match.get("headers", []))
        and all(_has_value(entry, query.parameters.get(entry["name"])) for entry in match.get("queryParams", []))
    )


def _has_path(type: str, value: str, path: str) -> bool:
    if type == "PathPrefix":
        wanted, given = value.strip("/").split("/"), path.strip("/").split("/")
        return value == "/" or given[: len(wanted)] == wanted
    return path == value if type == "Exact" else re.fullmatch(value, path) is not None


def _has_value(entry: Plain, given: str | None) -> bool:
    if given is None:
        return False
    regular = entry.get("type") == "RegularExpression"
    return re.fullmatch(entry["value"], given) is not None if regular else given == entry["value"]
