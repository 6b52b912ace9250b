"""Statuses of the Gateway API's own kinds, as a controller would write them."""

from typing import Any

from egc.gatewayapi.conditions import Condition, Conditions
from egc.gatewayapi.graph import ClassNode, GatewayNode, Graph, ListenerNode, ListenerSetNode, ParentNode, RouteNode
from egc.gatewayapi.supported import FEATURES
from egc.gatewayapi.tls import BackendTLSPolicyNode
from egc.kube.resource import Resource

# A build has no clock: the same input gives the same bytes.
_TIME = "1970-01-01T00:00:00Z"
_GROUP = "gateway.networking.k8s.io"
Status = dict[str, Any]


def statuses(graph: Graph) -> list[Status]:
    """The statuses of GatewayClasses, Gateways, ListenerSets and routes, in the order of seniority."""
    found = [report(node.resource, _class(node)) for node in graph.classes]
    found += [report(node.resource, _gateway(node)) for node in graph.gateways]
    found += [report(node.resource, _listener_set(node)) for node in graph.listener_sets]
    found += [report(node.resource, {"parents": [_parent(graph, p) for p in node.parents]}) for node in graph.routes]
    found += [report(node.resource, {"ancestors": _ancestors(graph, node)}) for node in graph.tls_policies]
    return found


def report(resource: Resource, status: Status) -> Status:
    """One entry of status.yaml."""
    metadata = {"name": resource.name}
    if resource.kind != "GatewayClass":
        metadata = {"namespace": resource.namespace, **metadata}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "status": status}


def conditions(found: Conditions, resource: Resource) -> list[Status]:
    """Conditions in Kubernetes' form, by type."""
    return [_condition(found.by_type[type], resource) for type in sorted(found.by_type)]


def _condition(condition: Condition, resource: Resource) -> Status:
    return {
        "type": condition.type,
        "status": str(condition.status),
        "reason": condition.reason,
        "message": condition.message,
        "observedGeneration": resource.metadata.generation or 0,
        "lastTransitionTime": _TIME,
    }


def _class(node: ClassNode) -> Status:
    # SupportedVersion compares a cluster's CRDs with the controller: without CRDs there is nothing to say.
    listed = [{"name": name} for name in FEATURES]
    return {"conditions": conditions(node.conditions, node.resource), "supportedFeatures": listed}


def _gateway(node: GatewayNode) -> Status:
    status: Status = {"conditions": conditions(node.conditions, node.resource)}
    if node.addresses:
        status["addresses"] = [{"type": "IPAddress", "value": address} for address in node.addresses]
    accepted = node.conditions.by_type.get("Accepted")
    if accepted is None or accepted.reason != "InvalidParameters":  # without them nobody knows what the listeners do
        status["listeners"] = [_listener(listener) for listener in node.listeners]
    joined = [found for found in node.sets if not found.conditions.denied("Accepted")]
    if joined or node.resource.spec.allowed_listeners is not None:
        status["attachedListenerSets"] = len(joined)
    return status


def _listener_set(node: ListenerSetNode) -> Status:
    status: Status = {"conditions": conditions(node.conditions, node.resource)}
    if node.listeners:
        status["listeners"] = [_listener(listener) for listener in node.listeners]
    return status


def _listener(node: ListenerNode) -> Status:
    return {
        "name": node.spec.name,
        "attachedRoutes": len(node.routes),
        "supportedKinds": [{"group": _GROUP, "kind": kind} for kind in node.kinds],
        "conditions": conditions(node.conditions, node.owner.resource),
    }


def _parent(graph: Graph, node: ParentNode) -> Status:
    namespace = node.ref.namespace or node.route.resource.namespace
    ref = {"group": node.ref.group, "kind": node.ref.kind, "namespace": namespace, "name": node.ref.name}
    optional = {"sectionName": node.ref.section_name, "port": node.ref.port}
    return {
        "parentRef": ref | {key: value for key, value in optional.items() if value is not None},
        "controllerName": graph.controller,
        "conditions": conditions(_of_parent(node.route, node), node.route.resource),
    }


def _ancestors(graph: Graph, node: BackendTLSPolicyNode) -> list[Status]:
    found = []
    for (kind, namespace, name, section), listed in node.ancestors.items():
        ref = {"group": _GROUP, "kind": kind, "namespace": namespace, "name": name}
        if section:
            ref["sectionName"] = section
        told = conditions(listed, node.resource)
        found.append({"ancestorRef": ref, "controllerName": graph.controller, "conditions": told})
    return found


def _of_parent(route: RouteNode, parent: ParentNode) -> Conditions:
    """What is said of the parent, then what is said of the route as a whole; bad news wins."""
    merged = Conditions(dict(parent.conditions.by_type))
    for type, condition in route.conditions.by_type.items():
        if type not in merged.by_type or (not condition.status and merged.by_type[type].status):
            merged.by_type[type] = condition
    return merged
