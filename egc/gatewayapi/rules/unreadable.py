"""HTTPRoutes and GRPCRoutes that do not fit their schema, or of which there are two that differ.

What they match must not fall through to other routes: the one that was meant may have asked for a login. So as much of
them as can be read takes their requests, and answers 500. That they are at fault was told when they were read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter, ValidationError

from egc.diagnostics import Sink
from egc.gatewayapi.graph import Graph
from egc.gatewayapi.rules import attachment
from egc.gatewayapi.rules.matches import regex_problem
from egc.kube.resources import Resources, seniority

if TYPE_CHECKING:
    from egc.gatewayapi.graph import Route
    from egc.gatewayapi.models.httproute import HTTPRoute
    from egc.gatewayapi.models.shared import ParentReference

_KINDS = ("HTTPRoute", "GRPCRoute")
_NAME = re.compile(r"/[^?#\x00-\x20]*")
_MESSAGE = "The route does not fit its schema, or there are two of its name"


def close(graph: Graph) -> None:
    """Attach what is left of unreadable routes; everything they match answers 500."""
    parents = attachment.parents_of(graph)
    found = list(_outlines(graph.resources))
    for resource in found:
        route = attachment.attach_route(graph, parents, resource, Sink())
        route.unreadable = True
        for rule in route.rules:
            rule.broken = True
            rule.lost = {id(match) for match in getattr(rule.spec, "matches", ()) if not _expressible(match)}
        route.conditions.set("Accepted", "UnsupportedValue", _MESSAGE, status=False)
        route.conditions.set("ResolvedRefs", "ResolvedRefs", "All references of the route are resolved")
    for listener in graph.listeners() if found else ():
        # Among equal matches the older route goes first, readable or not.
        listener.attached.sort(key=lambda a: (a.parent.route.kind != "HTTPRoute", seniority(a.parent.route.resource)))


def _outlines(resources: Resources) -> Iterator[Route]:
    for key, data in sorted(resources.broken.items(), key=lambda item: item[0]):
        if key.group == attachment.GROUP and key.kind in _KINDS and (outline := _outline(key.kind, data)) is not None:
            yield outline
    for key, disputed in sorted(resources.disputed.items(), key=lambda item: item[0]):
        if key.kind in _KINDS:
            yield _union(sorted(cast("list[HTTPRoute]", disputed), key=lambda each: each.model_dump_json()))


def _union(disputed: list[HTTPRoute]) -> Route:
    """What any of several routes of one name takes."""
    specs = [each.spec for each in disputed]
    everywhere = not all(spec.hostnames for spec in specs)
    parents: list[ParentReference] = []
    for ref in (ref for spec in specs for ref in spec.parent_refs):
        parents += [ref] if ref not in parents else []
    union = {
        "parent_refs": parents,
        "hostnames": [] if everywhere else sorted({host for spec in specs for host in spec.hostnames}),
        "rules": [rule for spec in specs for rule in spec.rules],
    }
    return disputed[0].replace(spec=specs[0].model_copy(update=union))


def _outline(kind: str, data: dict[str, Any]) -> Route | None:
    """Name, parents, hosts and matches of a route, as far as they can be read."""
    models = import_module(f"egc.gatewayapi.models.{kind.lower()}")
    metadata, spec = data.get("metadata"), data.get("spec")
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        return None
    fields = models.__dict__[f"{kind}Spec"].model_fields
    hosts = _readable(fields["hostnames"].annotation, spec.get("hostnames"))
    if spec.get("hostnames") and not hosts:
        return None  # for which hosts it is cannot be told
    rules = spec.get("rules")
    outline = {
        "parentRefs": _readable(fields["parent_refs"].annotation, spec.get("parentRefs")),
        "hostnames": hosts,
        "rules": [_rule(models, kind, rule) for rule in rules] if isinstance(rules, list) and rules else [{}],
    }
    kept = {key: metadata[key] for key in ("name", "namespace", "generation", "creationTimestamp") if key in metadata}
    whole = {"apiVersion": data["apiVersion"], "kind": kind, "metadata": kept, "spec": outline}
    try:
        return cast("Route", getattr(models, kind).model_validate(whole))
    except ValidationError:
        return None


def _rule(models: Any, kind: str, rule: object) -> dict[str, Any]:
    """The matches of a rule. One that cannot be read is for everything that its path matches, or just everything."""
    matches = rule.get("matches") if isinstance(rule, dict) else None
    if not isinstance(matches, list) or not matches:
        return {}
    adapter = TypeAdapter(getattr(models, f"{kind}Match"))
    found = []
    for match in matches:
        path = {"path": match["path"]} if isinstance(match, dict) and "path" in match else {}
        found.append(next((each for each in (match, path) if _fits(adapter, each, _expressible)), {}))
    return {"matches": found}


def _readable(annotation: Any, values: object) -> list[object]:
    """The items of a list that fit its type."""
    (item,) = annotation.__args__
    adapter: TypeAdapter[Any] = TypeAdapter(item)
    return [value for value in values if _fits(adapter, value)] if isinstance(values, list) else []


def _fits(adapter: TypeAdapter[Any], value: object, also: Callable[[Any], bool] | None = None) -> bool:
    try:
        found = adapter.validate_python(value)
    except ValidationError:
        return False
    return also is None or also(found)


def _expressible(found: Any) -> bool:
    """Whether Envoy takes a match: nothing else has looked at what it says."""
    path, call = getattr(found, "path", None), getattr(found, "method", None)
    said = [(entry.type, entry.value) for entry in (*found.headers, *getattr(found, "query_params", ()))]
    expressions = [value for type, value in said if type == "RegularExpression"]
    parts = []
    if path is not None:
        parts.append((path.type, path.value))
    elif call is not None:
        parts += [(call.type, f"/{name}") for name in (call.service, call.method) if name]
    expressions += [text for type, text in parts if type == "RegularExpression"]
    names = [text for type, text in parts if type != "RegularExpression"]
    return all(map(_NAME.fullmatch, names)) and all(regex_problem(each) is None for each in expressions)
