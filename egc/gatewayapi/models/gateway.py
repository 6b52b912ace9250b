"""Gateway."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import LocalObjectReference, ObjectReference, SecretObjectReference
from egc.kube.markers import Unsupported
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Form, Group, Hostname, Kind, ObjectName, PortNumber, Subdomain
from egc.kube.selector import LabelSelector

_NO_OPTIONS = Unsupported("of keys that an implementation defines, and egc defines none", protects=True)

# The alternatives are anchored only at the ends, as in the API's own schema.
AddressType = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
        r"\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$",
        "is neither IPAddress nor Hostname",
    ),
]
ProtocolType = Annotated[
    str,
    Field(min_length=1, max_length=255),
    Form(
        r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
        r"|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$",
        'is not a protocol such as "HTTP" or "HTTPS"',
    ),
]
AnnotationValue = Annotated[str, Field(max_length=4096)]
LabelValue = Annotated[
    str, Field(max_length=63), Form("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$", "is not a label value")
]


class GatewayAddress(Model):
    """An address to listen on."""

    type: AddressType = "IPAddress"
    value: Annotated[str, Field(max_length=253)] | None = None


class RouteGroupKind(Model):
    """A kind of route."""

    group: Group = "gateway.networking.k8s.io"
    kind: Kind


class RouteNamespaces(Model):
    """The namespaces whose routes may attach."""

    from_: Literal["All", "Selector", "Same"] = Field(default="Same", alias="from")
    selector: LabelSelector | None = None


class AllowedRoutes(Model):
    """The routes that may attach to a listener; without kinds, those that fit its protocol."""

    namespaces: RouteNamespaces = Field(default_factory=RouteNamespaces)
    kinds: list[RouteGroupKind] = Field(default_factory=list, max_length=8)


class ListenerTLSConfig(Model):
    """Whether TLS ends at the listener, and with which certificates."""

    mode: Literal["Terminate", "Passthrough"] = "Terminate"
    certificate_refs: list[SecretObjectReference] = Field(default_factory=list, max_length=64)
    options: Annotated[dict[str, AnnotationValue], _NO_OPTIONS] = Field(default_factory=dict, max_length=16)


class Listener(Model):
    """A port, a protocol and a hostname that routes can attach to."""

    name: Subdomain
    hostname: Hostname | None = None
    port: PortNumber
    protocol: ProtocolType
    tls: ListenerTLSConfig | None = None
    allowed_routes: AllowedRoutes = Field(default_factory=AllowedRoutes)


class ListenerNamespaces(Model):
    """The namespaces whose ListenerSets may attach."""

    from_: Literal["All", "Selector", "Same", "None"] = Field(default="None", alias="from")
    selector: LabelSelector | None = None


class AllowedListeners(Model):
    """The ListenerSets that may attach to a Gateway."""

    namespaces: ListenerNamespaces = Field(default_factory=ListenerNamespaces)


class GatewayInfrastructure(Model):
    """Settings of what a controller creates for a Gateway."""

    labels: dict[str, LabelValue] = Field(default_factory=dict, max_length=8)
    annotations: dict[str, AnnotationValue] = Field(default_factory=dict, max_length=16)
    parameters_ref: LocalObjectReference | None = None


class GatewayBackendTLS(Model):
    """The certificate to show to backends."""

    client_certificate_ref: SecretObjectReference | None = None


class FrontendTLSValidation(Model):
    """How certificates of clients are checked."""

    ca_certificate_refs: list[ObjectReference] = Field(min_length=1, max_length=16)
    mode: Literal["AllowValidOnly", "AllowInsecureFallback"] = "AllowValidOnly"


class TLSConfig(Model):
    """TLS between clients and a Gateway."""

    validation: FrontendTLSValidation | None = None


class TLSPortConfig(Model):
    """TLS between clients and one port of a Gateway."""

    port: PortNumber
    tls: TLSConfig


class FrontendTLSConfig(Model):
    """TLS between clients and a Gateway, with exceptions by port."""

    default: TLSConfig
    per_port: list[TLSPortConfig] = Field(default_factory=list, max_length=64)


class GatewayTLSConfig(Model):
    """TLS that is not the matter of one listener."""

    backend: GatewayBackendTLS | None = None
    frontend: FrontendTLSConfig | None = None


class GatewaySpec(Model):
    """The listeners of a Gateway and where they listen."""

    gateway_class_name: ObjectName
    listeners: list[Listener] = Field(min_length=1, max_length=64)
    addresses: list[GatewayAddress] = Field(default_factory=list, max_length=16)
    infrastructure: GatewayInfrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLSConfig | None = None
    default_scope: Literal["All", "None"] | None = None


class Gateway(Resource):
    """Where traffic comes in."""

    spec: GatewaySpec
