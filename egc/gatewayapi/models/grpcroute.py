"""GRPCRoute."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import (
    BackendRef,
    HTTPHeaderFilter,
    HTTPRequestMirrorFilter,
    LocalObjectReference,
    ParentReference,
    SessionPersistence,
)
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import HeaderName, Hostname, Subdomain


class GRPCMethodMatch(Model):
    """The service and the method that a request calls; a member that is left out may be any."""

    type: Literal["Exact", "RegularExpression"] = "Exact"
    service: Annotated[str, Field(max_length=1024)] | None = None
    method: Annotated[str, Field(max_length=1024)] | None = None


class GRPCHeaderMatch(Model):
    """What a header (gRPC's metadata) of a request must be."""

    type: Literal["Exact", "RegularExpression"] = "Exact"
    name: HeaderName
    value: str = Field(min_length=1, max_length=4096)


class GRPCRouteMatch(Model):
    """Conditions on a request, all of which must hold."""

    method: GRPCMethodMatch | None = None
    headers: list[GRPCHeaderMatch] = Field(default_factory=list, max_length=16)


class GRPCRouteFilter(Model):
    """One thing done to requests or responses; ``type`` says which member is meant."""

    type: Literal["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]
    request_header_modifier: HTTPHeaderFilter | None = None
    response_header_modifier: HTTPHeaderFilter | None = None
    request_mirror: HTTPRequestMirrorFilter | None = None
    extension_ref: LocalObjectReference | None = None


class GRPCBackendRef(BackendRef):
    """A backend with filters for its share of the traffic."""

    filters: list[GRPCRouteFilter] = Field(default_factory=list, max_length=16)


class GRPCRouteRule(Model):
    """What happens to requests that one of the matches describes; without matches, to all."""

    name: Subdomain | None = None
    matches: list[GRPCRouteMatch] = Field(default_factory=list, max_length=64)
    filters: list[GRPCRouteFilter] = Field(default_factory=list, max_length=16)
    backend_refs: list[GRPCBackendRef] = Field(default_factory=list, max_length=16)
    session_persistence: SessionPersistence | None = None


class GRPCRouteSpec(Model):
    """Where a route attaches, for which hosts, and its rules."""

    parent_refs: list[ParentReference] = Field(default_factory=list, max_length=32)
    use_default_gateways: Literal["All", "None"] | None = None
    hostnames: list[Hostname] = Field(default_factory=list, max_length=16)
    rules: list[GRPCRouteRule] = Field(default_factory=list, max_length=16)


class GRPCRoute(Resource):
    """Sends gRPC calls to backends."""

    spec: GRPCRouteSpec
