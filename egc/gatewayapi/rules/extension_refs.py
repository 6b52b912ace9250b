"""extensionRefs of filters: each to the object that it names, or to the reason why not.

https://gateway-api.sigs.k8s.io/geps/gep-1364/ says what becomes of a filter that cannot be resolved: its requests
are answered with 500.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.finders import Extensions
from egc.gatewayapi.graph import Extension, Fault, Graph, RuleNode

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.shared import LocalObjectReference

EXTENSION_NOT_FOUND = Rule(
    code="EGC2180",
    severity=Severity.ERROR,
    title="extensionRef to something that does not exist",
    explanation="""
        An `extensionRef` names an object in the namespace of the route; it cannot leave it.

        ```yaml
        - type: ExtensionRef
          extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: maintenance}
        ```
        """,
    condition="ResolvedRefs/UnsupportedValue",
)
EXTENSION_KIND = Rule(
    code="EGC2181",
    severity=Severity.ERROR,
    title="extensionRef to a kind that is no filter",
    explanation="The only kind of filter beyond the Gateway API's own is Envoy Gateway's HTTPRouteFilter.",
    condition="Accepted/UnsupportedValue",
)


def resolve(graph: Graph, extensions: Extensions, sink: Sink) -> None:
    """Resolve every extensionRef of every route."""
    for route in graph.routes:
        for rule in route.rules:
            if rule.filters:
                _resolve(graph, rule, rule.filters, extensions, sink)
            for ref in rule.spec.backend_refs:
                if own := getattr(ref, "filters", ()):
                    _resolve(graph, rule, [*rule.filters, *own], extensions, sink)


def _resolve(graph: Graph, rule: RuleNode, beside: Sequence[RouteFilter], extensions: Extensions, sink: Sink) -> None:
    """Those among some filters that act on the same requests; each is judged with the ones before it."""
    for found in beside:
        ref = found.extension_ref
        if ref is None or id(found) in rule.extended:
            continue
        answer = rule.extended[id(found)] = _find(graph, rule, beside, ref, extensions)
        if not isinstance(answer, Fault):
            continue
        if answer.rule is None:
            rule.route.conditions.set("ResolvedRefs", "UnsupportedValue", answer.message, status=False)
        else:
            at, conditions = ref.at(answer.field), rule.route.conditions
            conditions.deny(answer.rule, at, answer.message, sink, help=answer.help, related=answer.related)


def _find(
    graph: Graph, rule: RuleNode, beside: Sequence[RouteFilter], ref: LocalObjectReference, extensions: Extensions
) -> Extension | Fault:
    finder, namespace = extensions.get((ref.group, ref.kind)), rule.route.resource.namespace
    if finder is None:
        choices = {kind: group for group, kind in extensions}
        help = f'write group: "{choices[ref.kind]}"' if ref.kind in choices else did_you_mean(ref.kind, choices)
        return Fault(EXTENSION_KIND, f'"{ref.kind}" of group "{ref.group}" is no filter', "kind", help)
    resource = graph.resources.get(ref.group, ref.kind, namespace, ref.name)
    if resource is not None:
        return finder(graph, rule, beside, resource)
    message = f'{ref.kind} "{ref.name}" does not exist in namespace "{namespace}"'
    if graph.resources.is_broken(ref.group, ref.kind, namespace, ref.name):
        return Fault(None, message)
    known = graph.resources.names(ref.group, ref.kind, namespace)
    return Fault(EXTENSION_NOT_FOUND, message, help=did_you_mean(ref.name, known))
