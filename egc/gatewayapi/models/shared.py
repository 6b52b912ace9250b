"""What several kinds of the Gateway API have in common: references, header edits, mirrors."""

from typing import Annotated, Literal

from pydantic import Field

from egc.kube.model import Model
from egc.kube.scalars import (
    INT32_MAX,
    Form,
    GatewayDuration,
    Group,
    HeaderName,
    HeaderValue,
    Kind,
    Label,
    ObjectName,
    PortNumber,
    Subdomain,
)

WellKnownCACertificates = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?"
        r"[A-Za-z0-9]))$",
        'is not "System"',
    ),
]


class LocalObjectReference(Model):
    """An object in the namespace of the one that refers to it."""

    group: Group
    kind: Kind
    name: ObjectName


class ObjectReference(Model):
    """An object of any kind."""

    group: Group
    kind: Kind
    name: ObjectName
    namespace: Label | None = None


class SecretObjectReference(Model):
    """An object that holds a certificate or another secret."""

    group: Group = ""
    kind: Kind = "Secret"
    name: ObjectName
    namespace: Label | None = None


class ParentReference(Model):
    """What a route attaches to: all listeners of a Gateway, or those of a name or port."""

    group: Group = "gateway.networking.k8s.io"
    kind: Kind = "Gateway"
    name: ObjectName
    namespace: Label | None = None
    section_name: Subdomain | None = None
    port: PortNumber | None = None


class BackendObjectReference(Model):
    """What takes the traffic."""

    group: Group = ""
    kind: Kind = "Service"
    name: ObjectName
    namespace: Label | None = None
    port: PortNumber | None = None


class BackendRef(BackendObjectReference):
    """What takes a share of the traffic, in proportion to its weight; 0 takes none."""

    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 1


class HTTPHeader(Model):
    """A header and its value."""

    name: HeaderName
    value: HeaderValue


class HTTPHeaderFilter(Model):
    """Edits of headers: ``set`` overwrites, ``add`` appends, ``remove`` takes away."""

    set: list[HTTPHeader] = Field(default_factory=list, max_length=16)
    add: list[HTTPHeader] = Field(default_factory=list, max_length=16)
    remove: list[str] = Field(default_factory=list, max_length=16)


class Fraction(Model):
    """A part of the whole."""

    numerator: int = Field(ge=0, le=INT32_MAX)
    denominator: int = Field(default=100, ge=1, le=INT32_MAX)


class HTTPRequestMirrorFilter(Model):
    """Where copies of requests go; their answers are dropped."""

    backend_ref: BackendObjectReference
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    fraction: Fraction | None = None


class CookieConfig(Model):
    """Whether the cookie of a session outlives the browser's session."""

    lifetime_type: Literal["Permanent", "Session"] = "Session"


class SessionPersistence(Model):
    """Requests of one session go to one endpoint; a cookie or a header tells the session."""

    session_name: Annotated[str, Field(max_length=128)] | None = None
    absolute_timeout: GatewayDuration | None = None
    type: Literal["Cookie", "Header"] = "Cookie"
    cookie_config: CookieConfig | None = None
