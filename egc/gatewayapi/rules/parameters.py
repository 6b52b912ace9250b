"""What a GatewayClass and a Gateway say of the proxy that serves them: ``parametersRef``, to an EnvoyProxy.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.graph import ClassNode, GatewayNode
from egc.gatewayapi.models.shared import LocalObjectReference, ObjectReference
from egc.kube.resources import Resources

FOREIGN_PARAMETERS = Rule(
    code="EGC2076",
    severity=Severity.ERROR,
    title="parameters of another controller",
    explanation="""
        `parametersRef` may name an EnvoyProxy only: what another controller's settings mean, egc does not know, and
        it does not serve a Gateway without them.

        ```yaml
        parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: edge}
        ```
        """,
    help="refer to an EnvoyProxy, or remove parametersRef",
    condition="Accepted/InvalidParameters",
)
NO_PARAMETERS = Rule(
    code="EGC2077",
    severity=Severity.ERROR,
    title="EnvoyProxy does not exist",
    explanation="""
        `parametersRef` names an EnvoyProxy that is not part of the input. A Gateway's lies in the Gateway's namespace;
        a GatewayClass has none, so its reference must say one.
        """,
    help="add the EnvoyProxy, or remove parametersRef",
    condition="Accepted/InvalidParameters",
)

_GROUP, _KIND = "gateway.envoyproxy.io", "EnvoyProxy"


def of_class(node: ClassNode, resources: Resources, sink: Sink) -> None:
    """Judge the reference of a GatewayClass."""
    ref = node.resource.spec.parameters_ref
    if ref is not None:
        _judge(ref, ref.namespace, node.conditions, resources, sink)


def of_gateway(node: GatewayNode, class_conditions: Conditions, resources: Resources, sink: Sink) -> None:
    """Judge the reference of a Gateway; without one that of its class counts."""
    infrastructure = node.resource.spec.infrastructure
    ref = infrastructure.parameters_ref if infrastructure is not None else None
    if ref is not None:
        _judge(ref, node.resource.namespace, node.conditions, resources, sink)
    elif class_conditions.denied("Accepted"):
        message = f'GatewayClass "{node.resource.spec.gateway_class_name}" is not accepted'
        node.conditions.set("Accepted", "InvalidParameters", message, status=False)


def _judge(
    ref: LocalObjectReference | ObjectReference,
    namespace: str | None,
    conditions: Conditions,
    resources: Resources,
    sink: Sink,
) -> None:
    if (ref.group, ref.kind) != (_GROUP, _KIND):
        message = f'"{ref.kind}" of group "{ref.group}" is no EnvoyProxy'
        conditions.deny(FOREIGN_PARAMETERS, ref.at("kind"), message, sink)
    elif namespace is None:
        message = f'EnvoyProxy "{ref.name}" is named without its namespace'
        conditions.deny(NO_PARAMETERS, ref.at("name"), message, sink, help="add namespace")
    else:
        known = [key for key in (*resources.sound, *resources.broken) if (key.group, key.kind) == (_GROUP, _KIND)]
        there = [key.name for key in known if key.namespace == namespace]
        if ref.name in there:
            return
        elsewhere = [key.namespace for key in known if key.name == ref.name]
        help = f'it is in namespace "{elsewhere[0]}"' if elsewhere else did_you_mean(ref.name, there)
        message = f'EnvoyProxy "{ref.name}" does not exist in namespace "{namespace}"'
        conditions.deny(NO_PARAMETERS, ref.at("name"), message, sink, help=help)
