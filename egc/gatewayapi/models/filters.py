"""What the filters of HTTPRoutes do."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import BackendObjectReference
from egc.kube.model import Model
from egc.kube.scalars import INT32_MAX, Form, HeaderName, Int64, PortNumber, PreciseHostname

CORSOrigin = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)",
        'is not an origin such as "https://www.example.com" or "*"',
    ),
]
ExternalAuthPath = Annotated[
    str,
    Field(max_length=1024),
    Form(r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$", "is not a path"),
]


class HTTPPathModifier(Model):
    """What becomes of the path: all of it is replaced, or the prefix that matched."""

    type: Literal["ReplaceFullPath", "ReplacePrefixMatch"]
    replace_full_path: Annotated[str, Field(max_length=1024)] | None = None
    replace_prefix_match: Annotated[str, Field(max_length=1024)] | None = None


class HTTPRequestRedirectFilter(Model):
    """Where clients are sent instead."""

    scheme: Literal["http", "https"] | None = None
    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None
    port: PortNumber | None = None
    status_code: Literal[301, 302, 303, 307, 308] = 302


class HTTPURLRewriteFilter(Model):
    """What backends get as host and path."""

    hostname: PreciseHostname | None = None
    path: HTTPPathModifier | None = None


class HTTPCORSFilter(Model):
    """Which sites' scripts may call, and how. ``max_age`` is in seconds."""

    allow_origins: list[CORSOrigin] = Field(default_factory=list, max_length=64)
    allow_credentials: bool | None = None
    allow_methods: list[
        Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]
    ] = Field(default_factory=list, max_length=9)
    allow_headers: list[HeaderName] = Field(default_factory=list, max_length=64)
    expose_headers: list[HeaderName] = Field(default_factory=list, max_length=64)
    max_age: int = Field(default=5, ge=1, le=INT32_MAX)


class GRPCAuthConfig(Model):
    """What a gRPC authorizer is told."""

    allowed_headers: list[str] = Field(default_factory=list, max_length=64)


class HTTPAuthConfig(Model):
    """What an HTTP authorizer is told, and what of its answer is passed on."""

    path: ExternalAuthPath | None = None
    allowed_headers: list[str] = Field(default_factory=list, max_length=64)
    allowed_response_headers: list[str] = Field(default_factory=list, max_length=64)


class ForwardBodyConfig(Model):
    """How many bytes of a request's body the authorizer is told."""

    max_size: Int64 | None = None


class HTTPExternalAuthFilter(Model):
    """A service that is asked about every request."""

    protocol: Literal["HTTP", "GRPC"]
    backend_ref: BackendObjectReference
    grpc: GRPCAuthConfig | None = None
    http: HTTPAuthConfig | None = None
    forward_body: ForwardBodyConfig | None = None
