"""Which GatewayClasses are ours, and which Gateways are of them.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass
"""

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.gatewayapi.graph import ClassNode, GatewayNode, Graph
from egc.gatewayapi.models.gateway import Gateway
from egc.gatewayapi.models.gatewayclass import GatewayClass
from egc.gatewayapi.rules import parameters
from egc.kube.parse import honoured

CLASS_NOT_FOUND = Rule(
    code="EGC2001",
    severity=Severity.ERROR,
    title="GatewayClass does not exist",
    explanation="""
        A Gateway is served by the controller that its GatewayClass names. Without that class nothing serves it.

        ```yaml
        apiVersion: gateway.networking.k8s.io/v1
        kind: GatewayClass
        metadata: {name: eg}
        spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
        ```
        """,
    help="add a GatewayClass of that name",
)
FOREIGN_CLASS = Rule(
    code="EGC2002",
    severity=Severity.WARNING,
    title="Gateway is of another controller's class",
    explanation="""
        The GatewayClass names another controller, so in a cluster Envoy Gateway would leave the Gateway alone.
        egc does the same: nothing of it is served.
        """,
    help="set the class's controllerName to gateway.envoyproxy.io/gatewayclass-controller, or remove the Gateway",
)
NO_GATEWAY = Rule(
    code="EGC2003",
    severity=Severity.ERROR,
    title="no Gateway to serve",
    explanation="The input has no Gateway of a class that is ours, so there would be nothing to listen on.",
    help="add a Gateway and its GatewayClass",
)


def select(graph: Graph, sink: Sink) -> None:
    """Fill in the classes and Gateways that are ours."""
    classes = {c.name: c for c in graph.resources.of(GatewayClass)}
    graph.classes = [ClassNode(c) for c in classes.values() if c.spec.controller_name == graph.controller]
    foreign = classes.keys() - {c.resource.name for c in graph.classes}
    for node in graph.classes:
        parameters.of_class(node, graph.resources, sink)
        node.conditions.set("Accepted", "Accepted", "Valid GatewayClass")
    ours = {node.resource.name: node.conditions for node in graph.classes}
    for gateway in graph.resources.of(Gateway):
        wanted = gateway.spec.gateway_class_name
        if wanted in foreign:
            message = f'class "{wanted}" belongs to {classes[wanted].spec.controller_name}'
            sink.report(FOREIGN_CLASS, gateway.at("spec", "gatewayClassName"), message)
        elif wanted in classes:
            # Other settings may be left out, but not one that keeps somebody out.
            found = GatewayNode(gateway, broken=not honoured(gateway, lenient=True))
            parameters.of_gateway(found, ours[wanted], graph.resources, sink)
            graph.gateways.append(found)
        elif not graph.resources.is_broken("gateway.networking.k8s.io", "GatewayClass", "", wanted):
            message = f'GatewayClass "{wanted}" does not exist'
            sink.report(
                CLASS_NOT_FOUND, gateway.at("spec", "gatewayClassName"), message, help=did_you_mean(wanted, classes)
            )
    if not graph.gateways and not sink.failed:
        sink.report(NO_GATEWAY, None, "no Gateway to serve")
