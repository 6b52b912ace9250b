"""ReferenceGrant."""

from pydantic import Field

from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Group, Kind, Label, ObjectName


class ReferenceGrantFrom(Model):
    """Who may refer: objects of one kind in one namespace."""

    group: Group
    kind: Kind
    namespace: Label


class ReferenceGrantTo(Model):
    """To what: the objects of one kind in the grant's namespace, or the one named."""

    group: Group
    kind: Kind
    name: ObjectName | None = None


class ReferenceGrantSpec(Model):
    """Who may refer to what."""

    from_: list[ReferenceGrantFrom] = Field(alias="from", min_length=1, max_length=16)
    to: list[ReferenceGrantTo] = Field(min_length=1, max_length=16)


class ReferenceGrant(Resource):
    """Lets other namespaces refer to objects in its own."""

    spec: ReferenceGrantSpec
