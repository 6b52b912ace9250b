"""ListenerSet."""

from pydantic import Field

from egc.gatewayapi.models.gateway import Listener
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Group, Kind, Label, ObjectName


class ParentGatewayReference(Model):
    """The Gateway that the listeners join."""

    group: Group = "gateway.networking.k8s.io"
    kind: Kind = "Gateway"
    name: ObjectName
    namespace: Label | None = None


class ListenerSetSpec(Model):
    """Further listeners of a Gateway."""

    parent_ref: ParentGatewayReference
    listeners: list[Listener] = Field(min_length=1, max_length=64)


class ListenerSet(Resource):
    """Adds listeners to a Gateway of somebody else."""

    spec: ListenerSetSpec
