"""TLS to backends: BackendTLSPolicy, and the certificate that a Gateway shows them."""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.features.certificate_refs import reference, trusted
from egc.gatewayapi.tls import UpstreamTLS
from egc.plan.model import Certificate, Cluster

_SOCKET = "envoy.transport_sockets.tls"


class BackendTls(Feature):
    """A backend must show a certificate of a trusted authority for one of its names; nothing else makes TLS."""

    def on_cluster(self, cluster: Cluster, message: "pb.cluster.Cluster", ctx: Context) -> None:
        """https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy"""
        if cluster.tls is not None:
            message.transport_socket = _socket(cluster.tls, cluster.identity, ctx)


def _socket(tls: UpstreamTLS, identity: Certificate | None, ctx: Context) -> "pb.core.TransportSocket":
    """TLS 1.2 and 1.3. ALPN comes from the protocol of the cluster."""
    versions = pb.tls.TlsParametersTlsProtocol
    common = pb.tls.CommonTlsContext(
        tls_params=pb.tls.TlsParameters(
            tls_minimum_protocol_version=versions.TLSv1_2,
            # Envoy's own default for clients is 1.2.
            tls_maximum_protocol_version=versions.TLSv1_3,
        ),
    )
    if tls.authorities is not None:
        common.validation_context = pb.tls.CertificateValidationContext(
            trusted_ca=trusted(tls.authorities, ctx), match_typed_subject_alt_names=_names(tls)
        )
    if identity is not None:
        common.tls_certificate_sds_secret_configs = [reference(identity, ctx)]
    context = pb.tls.UpstreamTlsContext(common_tls_context=common, sni=tls.server_name, auto_host_sni=tls.of_endpoint)
    # A name that is only known when the connection is made; the request's own is taken by the HTTP options.
    context.auto_sni_san_validation = tls.authorities is not None and not tls.server_name
    return pb.core.TransportSocket(name=_SOCKET, typed_config=pb.pack(context))


def _names(tls: UpstreamTLS) -> list["pb.tls.SubjectAltNameMatcher"]:
    """The names of which the certificate must have one: those of the policy, else the name that was asked for.

    Envoy lets a wildcard in the certificate stand for an exact DNS name; a wildcard in the policy stands for any name
    below it. https://gateway-api.sigs.k8s.io/reference/spec/#hostname
    """
    kinds = pb.tls.SubjectAltNameMatcherSanType
    found = []
    for name in tls.names:
        if name.type == "URI":
            matcher = pb.matcher.StringMatcher(exact=name.uri or "")
            found.append(pb.tls.SubjectAltNameMatcher(san_type=kinds.URI, matcher=matcher))
        else:
            found.append(pb.tls.SubjectAltNameMatcher(san_type=kinds.DNS, matcher=_host(name.hostname or "")))
    if not found and not tls.server_name:
        return []
    return found or [pb.tls.SubjectAltNameMatcher(san_type=kinds.DNS, matcher=_host(tls.server_name))]


def _host(name: str) -> "pb.matcher.StringMatcher":
    if name.startswith("*."):
        return pb.matcher.StringMatcher(suffix=name[1:], ignore_case=True)
    return pb.matcher.StringMatcher(exact=name)
