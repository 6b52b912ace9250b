"""TLS in the graph: what a Gateway presents, whom it trusts on either side, and the policies that say so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from egc.gatewayapi.conditions import Conditions

if TYPE_CHECKING:  # a site imports the models of the kinds that it has
    from egc.gatewayapi.models.backendtlspolicy import (
        BackendTLSPolicy,
        LocalPolicyTargetReferenceWithSectionName,
        SubjectAltName,
    )
    from egc.gatewayapi.models.shared import SecretObjectReference
    from egc.kube.core import Secret


@dataclass(frozen=True, slots=True)
class HostCertificates:
    """Certificates that the host has: the ``files`` of some Secrets (namespace/name), and any lineage of certbot."""

    files: Collection[str] = ()
    lineages: bool = True


@dataclass(frozen=True, slots=True)
class Authorities:
    """CA certificates that somebody is checked against, in PEM, and a name for their file; "" are the system's."""

    name: str = ""
    pem: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UpstreamTLS:
    """TLS to a backend: what it is asked for, who vouches for it, and the names that its certificate may have.

    ``policy`` says what asks for it. Without a ``server_name`` it is asked for the host of the request, or for the name
    of the endpoint (``of_endpoint``). Without ``authorities`` nobody checks it; ``incomplete`` it must not be used.
    """

    policy: str
    server_name: str
    authorities: Authorities | None
    names: tuple[SubjectAltName, ...] = ()
    of_endpoint: bool = False
    incomplete: bool = False

    @property
    def of_request(self) -> bool:
        """Whether the server name is the host that the client asked for."""
        return not self.server_name and not self.of_endpoint


@dataclass(frozen=True, slots=True)
class ClientValidation:
    """Who vouches for the clients of a listener; an ``optional`` certificate may be missing, or from anybody."""

    authorities: Authorities
    optional: bool = False


@dataclass(eq=False, slots=True)
class CertificateNode:
    """A certificateRef: the Secret of the input, or None where the host has the files. ``staple`` is of OCSP."""

    ref: SecretObjectReference
    namespace: str
    secret: Secret | None
    staple: bytes = b""


@dataclass(eq=False, slots=True)
class Frontend:
    """The check of clients on some ports: there may be none, or one whose ``faults`` keep their listeners down."""

    validation: ClientValidation | None = None
    faults: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class GatewayTLS:
    """What a Gateway shows to backends (nothing may go there if it is ``lost``), and how its clients are checked.

    ``frontends`` are by port, None for all others.
    """

    client: CertificateNode | None = None
    lost: bool = False
    frontends: dict[int | None, Frontend] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class BackendTLSPolicyNode:
    """A BackendTLSPolicy. Without ``tls`` it cannot be honoured: nothing may go to the backends that it governs.

    ``conditions`` hold what is true for every ancestor, ``ancestors`` those that it has, each with its own.
    """

    resource: BackendTLSPolicy
    tls: UpstreamTLS | None = None
    conditions: Conditions = field(default_factory=Conditions)
    ancestors: dict[tuple[str, str, str, str], Conditions] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """One targetRef of a policy; one that was not ``found`` names a port that its backend does not have."""

    policy: BackendTLSPolicyNode
    ref: LocalPolicyTargetReferenceWithSectionName
    found: bool
