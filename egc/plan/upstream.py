"""How a listener speaks TLS to a backend."""

from typing import NamedTuple

from egc.gatewayapi.graph import Backend, ListenerNode
from egc.gatewayapi.rules.backendtls import passes_through
from egc.gatewayapi.tls import UpstreamTLS
from egc.plan.certificates import CertificateStore
from egc.plan.model import Certificate


class Upstream(NamedTuple):
    """What the backend must prove and what it is shown; ``variant`` tells such clusters of one backend apart."""

    checks: UpstreamTLS | None = None
    identity: Certificate | None = None
    variant: str = ""


def tls(backend: Backend, listener: ListenerNode, certificates: CertificateStore) -> Upstream:
    """TLS as the backend's policy wants it, with the identity of the listener's Gateway.

    Where clients shake hands with the backend itself, it is they who check it.
    """
    if backend.tls is None:
        return Upstream()
    if passes_through(listener):
        return Upstream(variant="passthrough")
    client = listener.gateway.tls.client
    if client is None:
        return Upstream(backend.tls)
    identity = certificates.shown_to_backends(client)
    return Upstream(backend.tls, identity, f"certificate/{identity.name}")


def refused(backend: Backend, listener: ListenerNode) -> bool:
    """Whether the backend is to be shown a certificate that there is not."""
    return backend.tls is not None and listener.gateway.tls.lost and not passes_through(listener)
