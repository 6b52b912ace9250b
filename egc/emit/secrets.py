"""TLS towards clients, and how Envoy gets at certificates."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.envoygateway.rules.route_filter_values import credential as credential_of
from egc.features import Context
from egc.features.certificate_refs import reference, trusted
from egc.gatewayapi.rules.certificates import STAPLE, value
from egc.gatewayapi.tls import ClientValidation
from egc.plan import names
from egc.plan.model import Certificate, Chain, Plan, Tunnel

if TYPE_CHECKING:
    from egc.kube.core import Secret

# Mozilla's "intermediate" list for TLS 1.2; TLS 1.3 has its own. Written out, since Envoy's defaults change.
# https://ssl-config.mozilla.org/guidelines/5.7.json
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)


def downstream(chain: Chain | Tunnel, ctx: Context) -> pb.tls.DownstreamTlsContext:
    """TLS 1.2 and 1.3, for HTTP with HTTP/2 by ALPN, and no session resumption, as in Envoy Gateway."""
    versions = pb.tls.TlsParametersTlsProtocol
    common = pb.tls.CommonTlsContext(
        tls_params=pb.tls.TlsParameters(
            tls_minimum_protocol_version=versions.TLSv1_2,
            tls_maximum_protocol_version=versions.TLSv1_3,
            cipher_suites=list(CIPHERS),
        ),
        alpn_protocols=["h2", "http/1.1"] if isinstance(chain, Chain) else [],
    )
    common.tls_certificate_sds_secret_configs = [reference(certificate, ctx) for certificate in chain.certificates]
    context = pb.tls.DownstreamTlsContext(
        common_tls_context=common,
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
    )
    if isinstance(chain, Chain) and (validation := chain.nodes[0].validation) is not None:
        common.validation_context = _clients(validation, ctx)
        context.require_client_certificate = not validation.optional
    return context


def _clients(validation: ClientValidation, ctx: Context) -> pb.tls.CertificateValidationContext:
    """Whom clients must be vouched for by. Where certificates are optional, Envoy looks at them and lets all pass."""
    message = pb.tls.CertificateValidationContext(trusted_ca=trusted(validation.authorities, ctx))
    if validation.optional:
        verification = pb.tls.CertificateValidationContextTrustChainVerification
        message.trust_chain_verification = verification.ACCEPT_UNTRUSTED
    return message


def authorities(plan: Plan) -> dict[str, str]:
    """The files of CA certificates in the bundle."""
    found = [cluster.tls.authorities for cluster in plan.clusters if cluster.tls and cluster.tls.authorities]
    validations = [node.validation for listener in plan.listeners for chain in listener.chains for node in chain.nodes]
    found += [validation.authorities for validation in validations if validation is not None]
    return {names.authorities(each.name): each.pem for each in found if each.name}


def secret(certificate: Certificate, *, inline: bool) -> pb.tls.Secret:
    """A certificate as a secret of Envoy: by file names, or with its contents."""
    if certificate.secret is not None and inline:
        pair = pb.tls.TlsCertificate(
            certificate_chain=_inline(certificate.secret, "tls.crt"), private_key=_inline(certificate.secret, "tls.key")
        )
    else:
        chain, key = files(certificate)
        pair = pb.tls.TlsCertificate(
            certificate_chain=pb.core.DataSource(filename=chain), private_key=pb.core.DataSource(filename=key)
        )
    if certificate.staple:
        source = pb.core.DataSource(filename=staple_file(certificate))
        pair.ocsp_staple = pb.core.DataSource(inline_bytes=certificate.staple) if inline else source
    return pb.tls.Secret(name=certificate.name, tls_certificate=pair)


def staple_file(certificate: Certificate) -> str:
    """The OCSP response, in the bundle."""
    return f"tls/{certificate.name}/{STAPLE}"


def credential(source: Secret, *, inline: bool) -> pb.tls.Secret:
    """A credential for backends."""
    name = names.credential(source.namespace, source.name)
    text = pb.core.DataSource(inline_string=credential_of(source).decode("latin-1"))
    return pb.tls.Secret(
        name=name, generic_secret=pb.tls.GenericSecret(secret=text if inline else pb.core.DataSource(filename=name))
    )


def watched_secret(certificate: Certificate) -> pb.tls.Secret:
    """A secret that is read again when something moves in its folder.

    Certbot's lineages are replaced by swapping the symlink ``current``, so the folder above it is watched.
    https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
    """
    message = secret(certificate, inline=False)
    if message.tls_certificate is not None:
        folder = PurePosixPath(certificate.chain_file).parent
        watch = folder.parent if certificate.lineage else folder
        message.tls_certificate.watched_directory = pb.core.WatchedDirectory(path=str(watch))
    return message


def files(certificate: Certificate) -> tuple[str, str]:
    """Chain and key; those of a Secret lie in the bundle."""
    if certificate.secret is None:
        return certificate.chain_file, certificate.key_file
    return f"tls/{certificate.name}/tls.crt", f"tls/{certificate.name}/tls.key"


def _inline(source: Secret, key: str) -> pb.core.DataSource:
    return pb.core.DataSource(inline_string=(value(source, key) or b"").decode())
