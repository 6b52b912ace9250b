"""Statuses of the Gateway API's own kinds, as a controller would write them."""

from typing import Any

from egc.gatewayapi.conditions import Condition, Conditions
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode, ParentNode, RouteNode
from egc.kube.resource import Resource

# A build has no clock: the same input gives the same bytes.
_TIME = "1970-01-01T00:00:00Z"
_GROUP = "gateway.networking.k8s.io"
Status = dict[str, Any]


def statuses(graph: Graph) -> list[Status]:
    """The statuses of GatewayClasses, Gateways and routes, in the order of seniority."""
    found = [
        report(node.resource, {"conditions": conditions(node.conditions, node.resource)}) for node in graph.classes
    ]
    found += [report(node.resource, _gateway(node)) for node in graph.gateways]
    found += [report(node.resource, {"parents": [_parent(graph, p) for p in node.parents]}) for node in graph.routes]
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


def _gateway(node: GatewayNode) -> Status:
    status: Status = {"conditions": conditions(node.conditions, node.resource)}
    if node.addresses:
        status["addresses"] = [{"type": "IPAddress", "value": address} for address in node.addresses]
    status["listeners"] = [_listener(listener) for listener in node.listeners]
    return status


def _listener(node: ListenerNode) -> Status:
    return {
        "name": node.spec.name,
        "attachedRoutes": len(node.routes),
        "supportedKinds": [{"group": _GROUP, "kind": kind} for kind in node.kinds],
        "conditions": conditions(node.conditions, node.gateway.resource),
    }


def _parent(graph: Graph, node: ParentNode) -> Status:
    ref = {"group": node.ref.group, "kind": node.ref.kind, "name": node.ref.name}
    optional = {"namespace": node.ref.namespace, "sectionName": node.ref.section_name, "port": node.ref.port}
    return {
        "parentRef": ref | {key: value for key, value in optional.items() if value is not None},
        "controllerName": graph.controller,
        "conditions": conditions(_of_parent(node.route, node), node.route.resource),
    }


def _of_parent(route: RouteNode, parent: ParentNode) -> Conditions:
    """What is said of the parent, then what is said of the route as a whole; bad news wins."""
    merged = Conditions(dict(parent.conditions.by_type))
    for type, condition in route.conditions.by_type.items():
        if type not in merged.by_type or (not condition.status and merged.by_type[type].status):
            merged.by_type[type] = condition
    return merged
