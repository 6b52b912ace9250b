"""What a host has for a Gateway in place of Pods and Services: the listeners of its Envoy.

The suite looks at Kubernetes objects. So each Gateway whose listeners carry labels or annotations, in the configuration
that Envoy runs with, is shown as a Service with just these.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from egc.features.infrastructure import METADATA
from tests.conformance.objects import Object

_SHOWN = "egc-"
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


def services(bootstrap: dict[str, Any]) -> Iterator[Object]:
    """A Service for each Gateway that a bootstrap's listeners have labels or annotations of."""
    told: dict[str, Any] = {}
    for listener in bootstrap.get("static_resources", {}).get("listeners", []):
        told.update(listener.get("metadata", {}).get("filter_metadata", {}).get(METADATA, {}))
    for gateway, said in sorted(told.items()):
        namespace, name = gateway.split("/")
        metadata = {"namespace": namespace, "name": f"{_SHOWN}{name}", **said}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}


def parted(present: Iterable[Object]) -> tuple[list[Object], list[Object]]:
    """The Services that are shown, and the others: egc gets none of its own work to read."""
    found: tuple[list[Object], list[Object]] = [], []
    for item in present:
        found[not _is_ours(item)].append(item)
    return found


def differences(wanted: Iterable[Object], shown: Iterable[Object]) -> tuple[list[Object], list[Object]]:
    """The Services to create, and those to delete."""
    asked = {_shown(item): item for item in wanted}
    there = {_shown(item): item for item in shown}
    create = [item for shown, item in asked.items() if shown not in there]
    return create, [item for shown, item in there.items() if shown not in asked]


def _is_ours(item: Object) -> bool:
    return GATEWAY_NAME in item["metadata"].get("labels", {}) and item["metadata"]["name"].startswith(_SHOWN)


def _shown(item: Object) -> str:
    metadata = item["metadata"]
    return repr(
        [metadata["namespace"], metadata["name"], *(_sorted(metadata.get(of)) for of in ("labels", "annotations"))]
    )


def _sorted(texts: dict[str, str] | None) -> list[tuple[str, str]]:
    return sorted((texts or {}).items())
