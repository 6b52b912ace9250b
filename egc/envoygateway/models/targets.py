"""What a policy applies to."""

from typing import Literal

from pydantic import Field

from egc.kube.model import Model
from egc.kube.scalars import Group, Kind, ObjectName, Subdomain
from egc.kube.selector import LabelSelector


class PolicyTargetReference(Model):
    """An object in the policy's namespace, or one of its sections: a listener or a rule."""

    group: Group
    kind: Kind
    name: ObjectName
    section_name: Subdomain | None = None


class TargetNamespaces(Model):
    """The namespaces in which targets are looked for."""

    from_: Literal["Same", "All", "Selector"] = Field(default="Same", alias="from")
    selector: LabelSelector | None = None


class TargetSelector(LabelSelector):
    """Objects of one kind, by their labels."""

    group: Group = "gateway.networking.k8s.io"
    kind: Kind
    namespaces: TargetNamespaces | None = None


class PolicySpec(Model):
    """What all policies begin with: their targets."""

    target_ref: PolicyTargetReference | None = None
    target_refs: list[PolicyTargetReference] = Field(default_factory=list)
    target_selectors: list[TargetSelector] = Field(default_factory=list)
