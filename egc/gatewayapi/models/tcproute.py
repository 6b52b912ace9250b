"""TCPRoute."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import BackendRef, ParentReference
from egc.kube.markers import Ignored
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Subdomain

_FOR_POLICIES = Ignored("it is for policies, and none governs a rule of this kind", quiet=True)


class TCPRouteRule(Model):
    """The backends that share the connections."""

    name: Annotated[Subdomain | None, _FOR_POLICIES] = None
    backend_refs: list[BackendRef] = Field(min_length=1, max_length=16)


class TCPRouteSpec(Model):
    """Where a route attaches, and its one rule."""

    parent_refs: list[ParentReference] = Field(default_factory=list, max_length=32)
    use_default_gateways: Literal["All", "None"] | None = None
    rules: list[TCPRouteRule] = Field(min_length=1, max_length=1)


class TCPRoute(Resource):
    """Sends connections to backends."""

    spec: TCPRouteSpec
