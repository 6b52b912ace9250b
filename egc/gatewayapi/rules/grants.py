"""References across namespaces, and the ReferenceGrants that allow them.

https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from egc.diagnostics import Located, Rule, Severity
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.resources import Key, Resources, key_of

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

ALMOST_PERMITTED = Rule(
    code="EGC2081",
    severity=Severity.ERROR,
    title="ReferenceGrant that almost fits",
    explanation="""
        A ReferenceGrant lies in the namespace of what is referred to. `from` names group, kind and namespace of those
        who refer, `to` group and kind of what they may refer to, and a name if it is to be one object only. All of it
        must fit.

        ```yaml
        metadata: {name: certificates, namespace: certs}
        spec:
          from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: edge}]
          to: [{group: "", kind: Secret, name: shop}]
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


class Refusal(NamedTuple):
    """What to say of a reference that is not permitted, besides the message."""

    rule: Rule
    help: str
    related: tuple[tuple[Located, str], ...] = ()


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


def refusal(resources: Resources, source: Resource, target: Target) -> Refusal:
    """Why *source* may not refer to *target*: the one part of a grant that does not fit, or that there is none."""
    grants = cast("list[ReferenceGrant]", resources.of_kind("ReferenceGrant"))
    there = [grant for grant in grants if grant.namespace == target.namespace]
    # One that lies with those who refer is misplaced; one in a third namespace is about something else.
    for grant in [*there, *(grant for grant in grants if grant.namespace == source.namespace)]:
        for wrong in _unfit_parts(grant, key_of(source), target):
            if grant.namespace != target.namespace:
                move = f'move it to namespace "{target.namespace}", where the {target.kind} is'
                wrong.append((grant.at("metadata", "namespace"), move))
            if len(wrong) == 1:
                ((at, text),) = wrong
                help = f'ReferenceGrant "{grant.name}" almost fits: {text}'
                return Refusal(ALMOST_PERMITTED, help, ((at, "does not fit"),))
    return Refusal(NOT_PERMITTED, how_to_permit(source, target))


def _unfit_parts(grant: ReferenceGrant, origin: Key, target: Target) -> Iterator[list[tuple[Located, str]]]:
    """What does not fit, of each pair that the grant names."""
    wanted = {"group": origin.group, "kind": origin.kind, "namespace": origin.namespace}
    for giver in grant.spec.from_:
        for taker in grant.spec.to:
            given = {"group": target.group, "kind": target.kind}
            if taker.name is not None:
                given["name"] = target.name
            yield [*_unfit(giver, "from", wanted), *_unfit(taker, "to", given)]


def _unfit(entry: Model, side: str, wanted: Mapping[str, str]) -> Iterator[tuple[Located, str]]:
    for field, value in wanted.items():
        if getattr(entry, field) != value:
            yield entry.at(field), f"its {side} needs {field}: {value or chr(34) * 2}"
