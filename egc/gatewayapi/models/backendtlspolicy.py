"""BackendTLSPolicy."""

from typing import Annotated, Literal

from pydantic import Field

from egc.gatewayapi.models.shared import LocalObjectReference, WellKnownCACertificates
from egc.kube.markers import Unsupported
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Form, Hostname, PreciseHostname, Subdomain

URI = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?", 'is not a URI such as "spiffe://trust.example/web"'
    ),
]
OptionValue = Annotated[str, Field(max_length=4096)]
_NO_OPTIONS = Unsupported("of keys that an implementation defines, and egc defines none")


class LocalPolicyTargetReferenceWithSectionName(LocalObjectReference):
    """A backend in the policy's namespace, or one of its ports."""

    section_name: Subdomain | None = None


class SubjectAltName(Model):
    """A name that a backend's certificate may have."""

    type: Literal["Hostname", "URI"]
    hostname: Hostname | None = None
    uri: URI | None = None


class BackendTLSPolicyValidation(Model):
    """How a backend proves who it is. ``hostname`` is sent as server name, and must be in the certificate."""

    ca_certificate_refs: list[LocalObjectReference] = Field(default_factory=list, max_length=8)
    well_known_ca_certificates: WellKnownCACertificates | None = Field(default=None, alias="wellKnownCACertificates")
    hostname: PreciseHostname
    subject_alt_names: list[SubjectAltName] = Field(default_factory=list, max_length=5)


class BackendTLSPolicySpec(Model):
    """The backends that are spoken to by TLS, and how they are checked."""

    target_refs: list[LocalPolicyTargetReferenceWithSectionName] = Field(min_length=1, max_length=16)
    validation: BackendTLSPolicyValidation
    options: Annotated[dict[str, OptionValue], _NO_OPTIONS] = Field(default_factory=dict, max_length=16)


class BackendTLSPolicy(Resource):
    """Speaks TLS to backends, and checks their certificates."""

    spec: BackendTLSPolicySpec
