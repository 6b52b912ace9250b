"""How certbot gets certificates: the part of egc.yaml below ``certificates.acme``."""

from typing import Literal

from pydantic import Field

from egc.kube.model import Model
from egc.kube.scalars import GoDuration, Hostname, PortNumber

SERVERS = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Authorities that have a short name."""

Challenge = Literal["http-01", "dns-01"]


class ExternalAccount(Model):
    """An account that exists at the authority already (external account binding)."""

    kid: str = Field(description="The key's identifier, from the authority.")
    hmac_key_file: str = Field(description="File on the host that holds the HMAC key and nothing else.")


class Dns(Model):
    """The plugin of certbot that answers dns-01."""

    plugin: str = Field(description="Name of certbot's plugin without dns-, such as cloudflare or rfc2136.")
    credentials: str | None = Field(None, description="File on the host with the plugin's credentials.")
    propagation: GoDuration | None = Field(None, description="How long to wait until name servers know.")


class AcmeLineage(Model):
    """What differs for one lineage."""

    names: list[Hostname] = Field(
        default_factory=list, description="Names of the certificate; default: those that the site serves with it."
    )
    challenge: Challenge | None = Field(None, description="How to prove control of its names.")
    preferred_profile: str | None = Field(None, description="Profile of the certificate, such as shortlived.")


class Acme(Model):
    """How certbot asks for certificates, and proves that the names are ours."""

    server: str = Field(
        "letsencrypt", description="letsencrypt, letsencrypt-staging, or the URL of an ACME directory (https)."
    )
    email: str | None = Field(None, description="Where the authority may write; without one, the account has none.")
    challenge: Challenge = Field(
        "http-01", description="http-01: through Envoy on port 80. dns-01: by a plugin of certbot's; for wildcards."
    )
    port: PortNumber = Field(8402, description="Port of 127.0.0.1 on which certbot answers http-01.")
    key_type: Literal["ecdsa", "rsa"] = Field("ecdsa", description="Type of private keys.")
    preferred_profile: str | None = Field(
        None, description="Profile of certificates, such as shortlived; needs certbot 4 or newer."
    )
    eab: ExternalAccount | None = Field(None, description="External account binding, for authorities that ask for it.")
    dns: Dns | None = Field(None, description="The plugin for dns-01.")
    ca_bundle: str | None = Field(
        None, description="File on the host with the authorities that sign the ACME server's own certificate."
    )
    lineages: dict[str, AcmeLineage] = Field(
        default_factory=dict, description="What differs for a lineage, by its name."
    )
