"""How certbot is to ask for certificates: its options, for each lineage.

https://eff-certbot.readthedocs.io/en/stable/using.html#certbot-command-line-options
"""

from collections.abc import Iterator
from typing import Any

from egc.plan.acme import settings
from egc.plan.model import Certificate, Plan
from egc.profile.acme import SERVERS, Acme, Dns


def lineages(plan: Plan) -> list[Certificate]:
    """The certificates that certbot keeps, one for each lineage."""
    found = {certificate.lineage: certificate for certificate in plan.certificates if certificate.lineage}
    return [found[name] for name in sorted(found)]


def lineage(certificate: Certificate, acme: Acme | None) -> dict[str, Any]:
    """A lineage as it stands in host.json; ``certbot`` is None when somebody else asks for it."""
    return {
        "name": certificate.lineage,
        "hostnames": list(settings(acme, certificate).names if acme else certificate.hostnames),
        "chain": certificate.chain_file,
        "key": certificate.key_file,
        "certbot": list(_options(certificate, acme)) if acme else None,
    }


def account(acme: Acme | None) -> dict[str, Any] | None:
    """What certbot needs to know of the authority, as it stands in host.json."""
    if acme is None:
        return None
    eab = acme.eab
    return {
        "server": SERVERS.get(acme.server, acme.server),
        "email": acme.email,
        "port": acme.port,
        "eab": {"kid": eab.kid, "hmacKeyFile": eab.hmac_key_file} if eab else None,
        "caBundle": acme.ca_bundle,
    }


def packages(acme: Acme | None) -> list[str]:
    """Packages of Debian that certbot needs beside its own."""
    return [f"python3-certbot-dns-{acme.dns.plugin}"] if acme and acme.dns else []


def secrets(acme: Acme | None) -> list[str]:
    """Files of the host that only certbot reads."""
    if acme is None:
        return []
    found = [acme.ca_bundle, acme.eab and acme.eab.hmac_key_file, acme.dns and acme.dns.credentials]
    return sorted({path for path in found if path})


def _options(certificate: Certificate, acme: Acme) -> Iterator[str]:
    wanted = settings(acme, certificate)
    if wanted.challenge == "http-01":
        yield from ("--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", str(acme.port))
    elif acme.dns:
        yield from _dns(acme.dns)
    yield from ("--preferred-challenges", str(wanted.challenge), "--key-type", acme.key_type)
    if wanted.preferred_profile:
        yield from ("--preferred-profile", wanted.preferred_profile)
    for name in wanted.names:
        yield from ("-d", name)


def _dns(dns: Dns) -> Iterator[str]:
    option = f"--dns-{dns.plugin}"
    yield option
    if dns.credentials:
        yield from (f"{option}-credentials", dns.credentials)
    if dns.propagation:
        yield from (f"{option}-propagation-seconds", str(int(dns.propagation.total_seconds())))
