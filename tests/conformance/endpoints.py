"""What a cluster's EndpointSlice controller does: EndpointSlices for Services with a selector."""

import hashlib
from collections.abc import Iterable
from typing import Any

from tests.conformance.objects import Object
from tests.conformance.unsupported import UnsupportedError

_MANAGER = {"endpointslice.kubernetes.io/managed-by": "stand-in.egc"}
_SERVICE = "kubernetes.io/service-name"


def slice_of(service: Object, pods: Iterable[Object]) -> Object | None:
    """The EndpointSlice of a Service with those of the Pods that it selects and that have an address.

    None for a Service without a selector. Ports by name are :class:`UnsupportedError`.
    """
    metadata, spec = service["metadata"], service["spec"]
    if not spec.get("selector"):
        return None
    labels = {**metadata.get("labels", {}), **_MANAGER, _SERVICE: metadata["name"]}
    if spec.get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    selected = [pod for pod in pods if _selects(service, pod)]
    always = bool(spec.get("publishNotReadyAddresses"))
    # A Service's successor of the same name gets a slice of its own.
    suffix = hashlib.sha256(metadata["uid"].encode()).hexdigest()[:5]
    owner = {"apiVersion": "v1", "kind": "Service", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-{suffix}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [{**owner, "controller": True}],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(pod, always=always) for pod in selected],
        # A slice that is empty has no ports either.
        "ports": [_port(port, metadata["name"]) for port in spec.get("ports", [])] if selected else [],
    }


def differences(wanted: Iterable[Object], present: Iterable[Object]) -> tuple[list[Object], list[Object], list[Object]]:
    """The EndpointSlices to create, to replace and to delete. Others' are left alone."""
    asked = {_key(item): item for item in wanted}
    there = {_key(item): item for item in present if _MANAGER.items() <= item["metadata"].get("labels", {}).items()}
    create = [item for key, item in asked.items() if key not in there]
    replace = [item for key, item in asked.items() if key in there and _content(item) != _content(there[key])]
    return create, replace, [item for key, item in there.items() if key not in asked]


def is_ready(pod: Object) -> bool:
    """Whether the Pod's condition Ready is true."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _selects(service: Object, pod: Object) -> bool:
    metadata = pod["metadata"]
    if "deletionTimestamp" in metadata or not pod.get("status", {}).get("podIP"):
        return False
    near = metadata["namespace"] == service["metadata"]["namespace"]
    return near and bool(service["spec"]["selector"].items() <= metadata.get("labels", {}).items())


def _endpoint(pod: Object, *, always: bool) -> Object:
    metadata, ready = pod["metadata"], is_ready(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready or always, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", **{name: metadata[name] for name in ("name", "namespace", "uid")}},
    }


def _port(port: Object, service: str) -> Object:
    target = port.get("targetPort", port["port"])
    if not isinstance(target, int):
        raise UnsupportedError(f"Service {service}: targetPort {target}")
    named = {"name": port.get("name", ""), "port": target, "protocol": port.get("protocol", "TCP")}
    return {**named, "appProtocol": port["appProtocol"]} if "appProtocol" in port else named


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _content(item: Object) -> tuple[Any, ...]:
    """What a change is seen by. The server gives an empty list back as none."""
    return item["metadata"].get("labels"), item.get("endpoints") or [], item.get("ports") or []
