"""GatewayClass."""

from typing import Annotated

from pydantic import Field

from egc.gatewayapi.models.shared import ObjectReference
from egc.kube.markers import Ignored
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Form

ControllerName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$",
        'is not a controller name such as "gateway.envoyproxy.io/gatewayclass-controller"',
    ),
]


class GatewayClassSpec(Model):
    """Which controller serves the Gateways of the class."""

    controller_name: ControllerName
    parameters_ref: ObjectReference | None = None
    description: Annotated[str | None, Field(max_length=64), Ignored("it is for people to read", quiet=True)] = None


class GatewayClass(Resource):
    """A kind of Gateway."""

    spec: GatewayClassSpec
