"""``tls`` of a Backend: what its endpoints must prove when no BackendTLSPolicy says it.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendtlssettings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import Fault
from egc.gatewayapi.rules import ca_certificates
from egc.gatewayapi.rules.backendtls import UNKNOWN_AUTHORITIES
from egc.gatewayapi.tls import Authorities, UpstreamTLS
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.envoygateway.models.backend import BackendTLS

EXCLUSIVE = Rule(
    code="EGC2177",
    severity=Severity.ERROR,
    title="TLS settings of a Backend that exclude each other",
    explanation="""
        A backend is checked by `caCertificateRefs`, by `wellKnownCACertificates`, or with `insecureSkipVerify` not at
        all; and it is asked for `sni`, or for the names of its endpoints (`autoSNIFromEndpointHostname`).
        """,
    help="keep one of them",
)
UNCHECKED = Rule(
    code="EGC2178",
    severity=Severity.WARNING,
    title="nobody checks who the backend is",
    explanation="""
        With `insecureSkipVerify` TLS keeps out those who listen, and not those who pretend to be the backend. Any
        certificate will do.
        """,
    help="use caCertificateRefs or wellKnownCACertificates",
)


def read(resources: Resources, resource: Resource, tls: BackendTLS, sink: Sink) -> UpstreamTLS | Fault:
    """What the Backend asks for; one that names no authority is left to a policy."""
    name = f"{resource.namespace}/{resource.name}"
    fault = Fault(
        None, f'Backend "{resource.name}" has TLS settings that cannot be honoured', reason="InvalidBackendTLS"
    )
    if (at := _exclusive(tls)) is not None:
        first, second = at
        related = [(tls.at(second).key, "this one")]
        sink.report(EXCLUSIVE, tls.at(first).key, f'"{first}" and "{second}" exclude each other', related=related)
        return fault
    server_name, of_endpoint = tls.sni or "", bool(tls.auto_sni_from_endpoint_hostname)
    known = tls.well_known_ca_certificates
    authorities: Authorities | None = Authorities()
    if tls.insecure_skip_verify:
        sink.report(UNCHECKED, tls.at("insecureSkipVerify"), f'nobody checks who answers for Backend "{resource.name}"')
        authorities = None
    elif tls.ca_certificate_refs:
        pem, _ = ca_certificates.resolve(resources, resource, tls.ca_certificate_refs, sink)
        if not pem:
            return fault
        authorities = Authorities(f"backend/{name}", pem)
    elif known != "System":
        if known is not None:
            message = f'"{known}" is no set of CA certificates that egc knows'
            sink.report(UNKNOWN_AUTHORITIES, tls.at("wellKnownCACertificates"), message)
            return fault
        return UpstreamTLS(f"Backend {name}", server_name, None, of_endpoint=of_endpoint, incomplete=True)
    return UpstreamTLS(f"Backend {name}", server_name, authorities, of_endpoint=of_endpoint)


def _exclusive(tls: BackendTLS) -> tuple[str, str] | None:
    """Two settings of which only one can be."""
    ways = {
        "caCertificateRefs": bool(tls.ca_certificate_refs),
        "wellKnownCACertificates": tls.well_known_ca_certificates is not None,
        "insecureSkipVerify": tls.insecure_skip_verify,
    }
    given = [way for way, is_given in ways.items() if is_given]
    if len(given) > 1:
        return given[0], given[1]
    if tls.sni is not None and tls.auto_sni_from_endpoint_hostname:
        return "sni", "autoSNIFromEndpointHostname"
    return None
