"""TLS towards clients, and how Envoy gets at certificates."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features import Context
from egc.gatewayapi.rules.certificates import value
from egc.plan.model import Certificate, Chain
from egc.profile import Profile

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


def downstream(chain: Chain, ctx: Context) -> pb.tls.DownstreamTlsContext:
    """TLS 1.2 and 1.3, HTTP/2 by ALPN, and no session resumption, as in Envoy Gateway."""
    versions = pb.tls.TlsParametersTlsProtocol
    common = pb.tls.CommonTlsContext(
        tls_params=pb.tls.TlsParameters(
            tls_minimum_protocol_version=versions.TLSv1_2,
            tls_maximum_protocol_version=versions.TLSv1_3,
            cipher_suites=list(CIPHERS),
        ),
        alpn_protocols=["h2", "http/1.1"],
    )
    common.tls_certificate_sds_secret_configs = [_reference(certificate, ctx) for certificate in chain.certificates]
    return pb.tls.DownstreamTlsContext(
        common_tls_context=common,
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
    )


def _reference(certificate: Certificate, ctx: Context) -> pb.tls.SdsSecretConfig:
    """A static secret by its name, or a file that Envoy watches."""
    message = pb.tls.SdsSecretConfig(name=certificate.name)
    if watched(certificate, ctx.profile):
        message.sds_config = pb.core.ConfigSource(
            path_config_source=pb.core.PathConfigSource(path=sds_path(certificate)),
            resource_api_version=pb.core.ApiVersion.V3,
        )
    return message


def watched(certificate: Certificate, profile: Profile) -> bool:
    """Whether Envoy rereads the certificate by itself. What comes out of the input changes only with a new build."""
    return profile.certificates.reload == "watch" and certificate.secret is None


def sds_path(certificate: Certificate) -> str:
    """The file that tells Envoy where a watched certificate is; relative to the bundle, as Envoy runs there."""
    return f"sds/{certificate.name}.yaml"


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
    return pb.tls.Secret(name=certificate.name, tls_certificate=pair)


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
