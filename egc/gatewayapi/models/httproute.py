"""HTTPRoute."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.filters import (
    HTTPCORSFilter,
    HTTPExternalAuthFilter,
    HTTPRequestRedirectFilter,
    HTTPURLRewriteFilter,
)
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
from egc.kube.scalars import (
    INT64_MAX,
    GatewayDuration,
    HeaderName,
    HeaderValue,
    Hostname,
    HTTPMethod,
    Subdomain,
)

FilterType = Literal[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
    "ExternalAuth",
]


class HTTPPathMatch(Model):
    """What the path of a request must be, or begin with."""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: str = Field(default="/", max_length=1024)


class HTTPHeaderMatch(Model):
    """What a header of a request must be."""

    type: Literal["Exact", "RegularExpression"] = "Exact"
    name: HeaderName
    value: HeaderValue


class HTTPQueryParamMatch(Model):
    """What a parameter in the query of a request must be."""

    type: Literal["Exact", "RegularExpression"] = "Exact"
    name: HeaderName
    value: str = Field(min_length=1, max_length=1024)


class HTTPRouteMatch(Model):
    """Conditions on a request, all of which must hold."""

    path: HTTPPathMatch = Field(default_factory=HTTPPathMatch)
    headers: list[HTTPHeaderMatch] = Field(default_factory=list, max_length=16)
    query_params: list[HTTPQueryParamMatch] = Field(default_factory=list, max_length=16)
    method: HTTPMethod | None = None


class HTTPRouteFilter(Model):
    """One thing done to requests or responses; ``type`` says which member is meant."""

    type: FilterType
    request_header_modifier: HTTPHeaderFilter | None = None
    response_header_modifier: HTTPHeaderFilter | None = None
    request_mirror: HTTPRequestMirrorFilter | None = None
    request_redirect: HTTPRequestRedirectFilter | None = None
    url_rewrite: HTTPURLRewriteFilter | None = None
    cors: HTTPCORSFilter | None = None
    external_auth: HTTPExternalAuthFilter | None = None
    extension_ref: LocalObjectReference | None = None


class HTTPBackendRef(BackendRef):
    """A backend with filters for its share of the traffic."""

    filters: list[HTTPRouteFilter] = Field(default_factory=list, max_length=16)


class HTTPRouteTimeouts(Model):
    """How long a request may take, and each attempt at a backend; 0s is for ever."""

    request: GatewayDuration | None = None
    backend_request: GatewayDuration | None = None


class HTTPRouteRetry(Model):
    """When to try again."""

    codes: list[Annotated[int, Field(ge=400, le=599)]] = Field(default_factory=list)
    attempts: Annotated[int, Field(ge=1, le=INT64_MAX)] | None = None
    backoff: GatewayDuration | None = None


def _everything() -> list[HTTPRouteMatch]:
    return [HTTPRouteMatch()]


class HTTPRouteRule(Model):
    """What happens to requests that one of the matches describes."""

    name: Subdomain | None = None
    matches: list[HTTPRouteMatch] = Field(default_factory=_everything, max_length=64)
    filters: list[HTTPRouteFilter] = Field(default_factory=list, max_length=16)
    backend_refs: list[HTTPBackendRef] = Field(default_factory=list, max_length=16)
    timeouts: HTTPRouteTimeouts | None = None
    retry: HTTPRouteRetry | None = None
    session_persistence: SessionPersistence | None = None


def _one_rule() -> list[HTTPRouteRule]:
    return [HTTPRouteRule()]


class HTTPRouteSpec(Model):
    """Where a route attaches, for which hosts, and its rules."""

    parent_refs: list[ParentReference] = Field(default_factory=list, max_length=32)
    use_default_gateways: Literal["All", "None"] | None = None
    hostnames: list[Hostname] = Field(default_factory=list, max_length=16)
    rules: list[HTTPRouteRule] = Field(default_factory=_one_rule, min_length=1, max_length=16)


class HTTPRoute(Resource):
    """Sends HTTP requests to backends."""

    spec: HTTPRouteSpec
