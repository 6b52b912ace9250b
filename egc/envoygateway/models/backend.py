"""Backend."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import LocalObjectReference, WellKnownCACertificates
from egc.kube.markers import Ignored, Opaque, Unsupported
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Form, PreciseHostname

_LATER = Unsupported(protects=True)

BackendPort = Annotated[int, Field(ge=0, le=65535)]
IPAddress = Annotated[
    str,
    Field(min_length=3, max_length=45),
    Form(
        r"^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$"
        r"|^(([0-9a-fA-F]{1,4}:){1,7}[0-9a-fA-F]{1,4}|::|(([0-9a-fA-F]{1,4}:){0,5})?(:[0-9a-fA-F]{1,4}){1,2})$",
        'is not an IP address such as "192.0.2.7"',
    ),
]
FullyQualifiedName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?$",
        'is not a host name such as "app.example.com"',
    ),
]


class IPEndpoint(Model):
    """An IP address and a port."""

    address: IPAddress
    port: BackendPort


class FQDNEndpoint(Model):
    """A DNS name and a port."""

    hostname: FullyQualifiedName
    port: BackendPort


class UnixSocket(Model):
    """The path of a unix socket; the kernel takes no longer one."""

    path: str = Field(max_length=108)


class BackendEndpoint(Model):
    """Where a backend listens: exactly one of ip, fqdn and unix. ``hostname`` is the name it goes by."""

    ip: IPEndpoint | None = None
    fqdn: FQDNEndpoint | None = None
    unix: UnixSocket | None = None
    hostname: PreciseHostname | None = None
    zone: Annotated[str | None, Ignored("one host is in one zone")] = None


class BackendTLS(Model):
    """TLS to the endpoints. Without ``sni`` they are asked for the host that the client asked for.

    What a BackendTLSPolicy says goes before all of it.
    """

    ca_certificate_refs: list[LocalObjectReference] = Field(default_factory=list, max_length=8)
    well_known_ca_certificates: WellKnownCACertificates | None = Field(default=None, alias="wellKnownCACertificates")
    insecure_skip_verify: bool = False
    sni: PreciseHostname | None = None
    auto_sni_from_endpoint_hostname: bool | None = Field(default=None, alias="autoSNIFromEndpointHostname")
    client_certificate_ref: Annotated[Opaque, _LATER] = None
    min_version: Annotated[Opaque, _LATER] = None
    max_version: Annotated[Opaque, _LATER] = None
    ciphers: Annotated[Opaque, _LATER] = None
    ecdh_curves: Annotated[Opaque, _LATER] = Field(default=None, alias="ecdhCurves")
    signature_algorithms: Annotated[Opaque, _LATER] = None
    alpn_protocols: Annotated[Opaque, _LATER] = Field(default=None, alias="alpnProtocols")
    fingerprints: Annotated[Opaque, _LATER] = None


class BackendSpec(Model):
    """The endpoints of a backend and how to speak to them."""

    type: Literal["Endpoints", "DynamicResolver"] = "Endpoints"
    endpoints: list[BackendEndpoint] = Field(default_factory=list, min_length=1, max_length=256)
    app_protocols: list[
        Literal["gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"]
    ] = Field(default_factory=list)
    fallback: Annotated[bool | None, Unsupported()] = None
    tls: BackendTLS | None = None


class Backend(Resource):
    """Something to send traffic to that is not a Service."""

    spec: BackendSpec
