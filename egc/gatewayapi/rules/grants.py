"""References across namespaces, and the ReferenceGrants that allow them.

https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from egc.diagnostics import Rule, Severity
from egc.kube.resource import Resource
from egc.kube.resources import Resources, key_of

if TYPE_CHECKING:
    from egc.gatewayapi.models.referencegrant import ReferenceGrant

NOT_PERMITTED = Rule(
    code="EGC2031",
    severity=Severity.ERROR,
    title="reference into another namespace without a grant",
    explanation="""
        A reference may leave its namespace only if a ReferenceGrant in the target's namespace allows it.

        ```yaml
        apiVersion: gateway.networking.k8s.io/v1beta1
        kind: ReferenceGrant
        metadata: {name: routes-to-services, namespace: shop}
        spec:
          from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}]
          to: [{group: "", kind: Service}]
        ```
        """,
    condition="ResolvedRefs/RefNotPermitted",
)


class Target(NamedTuple):
    """What a reference points at. The core group is the empty string."""

    group: str
    kind: str
    namespace: str
    name: str


def permitted(resources: Resources, source: Resource, target: Target) -> bool:
    """Whether *source* may refer to *target*: same namespace, or granted."""
    if source.namespace == target.namespace:
        return True
    origin = key_of(source)
    return any(
        grant.namespace == target.namespace
        and any((f.group, f.kind, f.namespace) == origin[:3] for f in grant.spec.from_)
        and any((t.group, t.kind) == target[:2] and t.name in (None, target.name) for t in grant.spec.to)
        for grant in cast("list[ReferenceGrant]", resources.of_kind("ReferenceGrant"))
    )


def how_to_permit(source: Resource, target: Target) -> str:
    """The grant that would be needed, in words."""
    origin = key_of(source)
    needed = f'from {origin.kind} in "{origin.namespace}" to {target.kind}'
    return f'add a ReferenceGrant in namespace "{target.namespace}" {needed}'
