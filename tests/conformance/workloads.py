"""What a cluster's Deployment and ReplicaSet controllers do: Pods for Deployments."""

import hashlib
import json
from collections.abc import Iterable

from tests.conformance.objects import Object
from tests.conformance.unsupported import only

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Those of Kubernetes' own generated names, which spell no words."""

_HASH = "pod-template-hash"
_CARRIED = {"replicas", "selector", "template"}
_PACE = {"progressDeadlineSeconds", "revisionHistoryLimit", "strategy"}
"""How fast a change is carried out and undone: here at once, and never."""


def pods(deployment: Object, node: str) -> list[Object]:
    """The Pods that a Deployment asks for, bound to *node*; `UnsupportedError` for what it cannot have here.

    Their names have the form of a cluster's, ``<deployment>-<hash>-<hash>``, but follow from the Deployment, so that
    nothing has to be remembered to create each once.
    """
    spec, owner = deployment["spec"], deployment["metadata"]
    only(_CARRIED | _PACE, spec, f"Deployment {owner['name']}")
    template = spec["template"]
    version = _hashed(json.dumps(template, sort_keys=True), 10)
    labels = {**template["metadata"].get("labels", {}), _HASH: version}
    reference = {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "name": owner["name"],
        "uid": owner["uid"],
        "controller": True,
    }
    metadata = {
        "namespace": owner["namespace"],
        "labels": labels,
        "ownerReferences": [reference],
        "annotations": template["metadata"].get("annotations", {}),
    }
    ids = [_hashed(f"{owner['uid']} {number}", 5) for number in range(spec.get("replicas", 1))]
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{owner['name']}-{version}-{own}", **metadata},
            "spec": {**template["spec"], "nodeName": node},
        }
        for own in ids
    ]


def differences(wanted: Iterable[Object], present: Iterable[Object]) -> tuple[list[Object], list[Object]]:
    """The Pods to create, and those to delete because no Deployment that there is asks for them."""
    asked = {_identity(pod): pod for pod in wanted}
    there = {_identity(pod): pod for pod in present if _owner(pod)}
    create = [pod for identity, pod in asked.items() if identity not in there]
    return create, [pod for identity, pod in there.items() if identity not in asked]


def _identity(pod: Object) -> tuple[str, str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"], _owner(pod)


def _owner(pod: Object) -> str:
    """The uid of the Deployment that a Pod belongs to, which a new one of the same name does not have."""
    references = pod["metadata"].get("ownerReferences", [])
    return next((item["uid"] for item in references if item["kind"] == "Deployment"), "")


def _hashed(text: str, length: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:length])
