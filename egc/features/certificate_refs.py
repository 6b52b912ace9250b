"""How Envoy gets at certificates: its own, and those of the authorities that it trusts."""

from egc.envoy import api as pb
from egc.features.base import Context
from egc.gatewayapi.tls import Authorities
from egc.plan import names
from egc.plan.model import Certificate
from egc.profile import Profile


def reference(certificate: Certificate, ctx: Context) -> "pb.tls.SdsSecretConfig":
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
    return names.file(f"sds/{certificate.name}", ".yaml")


def trusted(authorities: Authorities, ctx: Context) -> "pb.core.DataSource":
    """CA certificates: a file of the bundle, or that of the system."""
    if not authorities.name:
        return pb.core.DataSource(filename=ctx.profile.certificates.system_ca)
    if ctx.inline_secrets:
        return pb.core.DataSource(inline_string=authorities.pem)
    return pb.core.DataSource(filename=names.authorities(authorities.name))
