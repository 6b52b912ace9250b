"""What becomes of the requests that a route takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from egc.gatewayapi.graph import BackendNode, Endpoint, RuleNode
from egc.listing.entries import Answer, Filter, Share
from egc.plan.model import Answer as Reply
from egc.plan.model import Forward, Preflight, Redirect, Respond, Route
from egc.plan.routes import UNAVAILABLE

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.filters import HTTPPathModifier, HTTPRequestRedirectFilter

_OK = 200


def answer(route: Route) -> Answer:
    """The answer of an HTTP route."""
    action, backends = route.action, shares(route.rule, route.alone)
    match action:
        case Redirect():
            return _redirect(route)
        case Respond():
            return Answer("respond", action.status, because=_because(route), backends=backends)
        case Reply():
            return Answer("respond", _status(route), because="a filter answers")
        case Preflight():
            return Answer("preflight")
        case Forward():
            return Answer("forward", backends=backends)


def shares(rule: RuleNode, alone: BackendNode | None = None) -> tuple[Share, ...]:
    """The backends of a rule, those of weight 0 too; or one of them."""
    total = sum(node.weight for node in rule.backends) or 1
    return tuple(_share(rule, node, total) for node in rule.backends if alone is None or node is alone)


def _share(rule: RuleNode, node: BackendNode, total: int) -> Share:
    ref, fault = node.ref, node.fault
    endpoints = tuple(_endpoint(endpoint) for endpoint in node.backend.endpoints) if node.backend else ()
    status = fault.status if fault is not None else None if endpoints else UNAVAILABLE
    if status is not None and rule.grpc is not None:
        status = UNAVAILABLE
    return Share(
        ref.kind,
        ref.namespace or rule.route.resource.namespace,
        ref.name,
        ref.port,
        node.weight,
        round(100 * node.weight / total, 2),
        endpoints,
        filters(node.filters),
        status,
        fault.message if fault is not None else None if endpoints else "it has no endpoints",
    )


def _status(route: Route) -> int:
    """What the extension that answers says; Envoy's own default is 200."""
    specs: list[Any] = [getattr(found.resource, "spec", None) for found in route.extensions if found.answers]
    given = (getattr(getattr(spec, "direct_response", None), "status_code", None) for spec in specs)
    return next((status for status in given if status is not None), _OK)


def _endpoint(endpoint: Endpoint) -> str:
    if endpoint.path:
        return f"unix:{endpoint.path}"
    return f"[{endpoint.host}]:{endpoint.port}" if ":" in endpoint.host else f"{endpoint.host}:{endpoint.port}"


def _because(route: Route) -> str:
    """Why a route answers by itself."""
    rule, policies = route.rule, (route.client, route.traffic, route.security)
    if rule.broken:
        return "the rule is at fault"
    if route.listener.gateway.broken or route.listener.owner.broken:
        return "the Gateway is at fault"
    if (policy := next((found for found in policies if found is not None and found.broken), None)) is not None:
        return f'policy "{policy.name}" is at fault'
    weighed = [node for node in rule.backends if node.weight]
    faults = [node.fault.message for node in weighed if node.fault is not None]
    if len(faults) < len(weighed):
        return "what the rule asks for cannot be done"
    return "; ".join(faults) or ("all backends have weight 0" if rule.backends else "the rule has no backend")


def _redirect(route: Route) -> Answer:
    """A redirect: what it does not change stands in angle brackets."""
    found: HTTPRequestRedirectFilter | None = next(
        (given for entry in route.filters if (given := getattr(entry, "request_redirect", None)) is not None), None
    )
    if found is None:
        return Answer("redirect")
    port = f":{found.port}" if found.port is not None else ""
    to = f"{found.scheme or '<scheme>'}://{found.hostname or '<host>'}{port}{_new_path(found.path)}"
    return Answer("redirect", found.status_code, to=to)


def _new_path(path: HTTPPathModifier | None) -> str:
    if path is None:
        return "<path>"
    if path.type == "ReplaceFullPath":
        return path.replace_full_path or "/"
    return f"{(path.replace_prefix_match or '').rstrip('/')}/<rest of the path>"


def filters(found: Iterable[RouteFilter]) -> tuple[Filter, ...]:
    """Filters in a few words; values of headers are left out, as they may be secret."""
    return tuple(Filter(entry.type, "; ".join(_about(entry))) for entry in found)


def _about(entry: RouteFilter) -> Iterator[str]:
    spec: Any = entry
    for name in ("request_header_modifier", "response_header_modifier"):
        if (edits := getattr(spec, name, None)) is not None:
            yield from (f"{verb} {', '.join(names)}" for verb, names in _edits(edits) if names)
    if (rewrite := getattr(spec, "url_rewrite", None)) is not None:
        yield f"to {rewrite.hostname or '<host>'}{_new_path(rewrite.path)}"
    if (mirror := getattr(spec, "request_mirror", None)) is not None:
        yield f"to {mirror.backend_ref.kind} {mirror.backend_ref.name}"
    if (auth := getattr(spec, "external_auth", None)) is not None:
        yield f"asks {auth.backend_ref.kind} {auth.backend_ref.name}"
    if (ref := getattr(spec, "extension_ref", None)) is not None:
        yield f"{ref.kind} {ref.name}"


def _edits(edits: Any) -> Iterator[tuple[str, list[str]]]:
    yield "set", [header.name for header in edits.set]
    yield "add", [header.name for header in edits.add]
    yield "remove", edits.remove
