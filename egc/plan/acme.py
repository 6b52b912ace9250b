"""Challenges of certbot: which certificates they are for, and which virtual hosts pass them on.

https://datatracker.ietf.org/doc/html/rfc8555#section-8.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink, did_you_mean
from egc.plan import names
from egc.plan.model import Certificate, Chain, Plan, VirtualHost
from egc.profile import Profile
from egc.profile.acme import Acme, AcmeLineage

if TYPE_CHECKING:
    from egc.gatewayapi.models.httproute import HTTPPathMatch

PATH = "/.well-known/acme-challenge/"
_PORT = 80  # an authority dials no other

SHADOWED = Rule(
    code="EGC5030",
    severity=Severity.WARNING,
    title="ACME challenges take the place of a route",
    explanation="""
        With `certificates.acme` and http-01, what is asked for below `/.well-known/acme-challenge/` on port 80 goes to
        certbot, before any route of the site. A rule for such a path never sees these requests.
        """,
    help="remove the rule, or have the certificates renewed by it and take certificates.acme out of egc.yaml",
)
NO_PORT_80 = Rule(
    code="EGC5031",
    severity=Severity.ERROR,
    title="no listener on port 80 for http-01",
    explanation="""
        An ACME authority asks for http-01 on port 80 of every name. The site has no listener of protocol HTTP that
        clients see there, so no certificate could be issued or renewed.
        """,
    help="add a listener of protocol HTTP on port 80, or set certificates.acme.challenge: dns-01",
)
WILDCARD = Rule(
    code="EGC5032",
    severity=Severity.ERROR,
    title="wildcard name needs dns-01",
    explanation="""
        Authorities issue certificates for names such as `*.example.com` only by dns-01.

        ```yaml
        certificates:
          acme:
            challenge: dns-01
            dns: {plugin: cloudflare, credentials: /etc/egc/cloudflare.ini}
        ```
        """,
    help="set challenge: dns-01 for this lineage or for all",
)
NO_NAMES = Rule(
    code="EGC5033",
    severity=Severity.ERROR,
    title="lineage without names",
    explanation="""
        certbot asks for a certificate by its names. Neither the listener that uses this lineage nor any of its routes
        has a hostname.
        """,
    help="give the listener a hostname, or list the names in certificates.acme.lineages",
)
UNKNOWN_LINEAGE = Rule(
    code="EGC5034",
    severity=Severity.WARNING,
    title="host profile has a lineage that the site does not have",
    explanation="""
        `certificates.acme.lineages` names certbot's lineages. A lineage has the name of the Secret that a listener
        refers to, unless that Secret is in the input or has its files in `certificates.files`.
        """,
    help="correct the name, or remove the entry",
)
NO_PLUGIN = Rule(
    code="EGC5035",
    severity=Severity.ERROR,
    title="dns-01 without a plugin",
    explanation="certbot answers dns-01 by a plugin for the DNS service that holds the names. No plugin is named.",
    help="set certificates.acme.dns.plugin to the name of certbot's plugin, such as cloudflare",
)


def challenge(plan: Plan, profile: Profile, sink: Sink) -> None:
    """Give the virtual hosts of port 80 their challenge route, and report what certbot cannot do."""
    acme = profile.certificates.acme
    if acme is None:
        return
    lineages = {certificate.lineage: certificate for certificate in plan.certificates if certificate.lineage}
    for name in acme.lineages.keys() - lineages.keys():
        at = acme.at("lineages", name).key
        sink.report(UNKNOWN_LINEAGE, at, f'the site has no lineage "{name}"', help=did_you_mean(name, lineages))
    ways = {_way(acme, certificate, sink) for certificate in lineages.values()}
    if "dns-01" in ways and acme.dns is None:
        sink.report(NO_PLUGIN, acme.at(), "no DNS plugin is named")
    if "http-01" not in ways:
        return
    plan.challenges = True
    ports = {int(port): public for port, public in profile.published_ports.items()}
    open_to_all = [
        listener
        for listener in plan.listeners
        if listener.chains and not listener.tls and ports.get(listener.port, listener.port) == _PORT
    ]
    if not open_to_all:
        sink.report(NO_PORT_80, acme.at(), "no listener of protocol HTTP is on port 80")
    for listener in open_to_all:
        for chain in listener.chains:
            _reserve(chain, sink)


def settings(acme: Acme, certificate: Certificate) -> AcmeLineage:
    """What is to be done for a lineage: names, challenge and profile, each its own or that of all."""
    own = acme.lineages.get(certificate.lineage) or AcmeLineage()
    return AcmeLineage(
        names=list(dict.fromkeys(own.names)) or list(certificate.hostnames),
        challenge=own.challenge or acme.challenge,
        preferred_profile=own.preferred_profile or acme.preferred_profile,
    )


def _way(acme: Acme, certificate: Certificate, sink: Sink) -> str | None:
    """The challenge for a lineage."""
    wanted = settings(acme, certificate)
    lineage = certificate.lineage
    if not wanted.names:
        sink.report(NO_NAMES, acme.at(), f'no hostname says for which names lineage "{lineage}" is')
    wild = next((name for name in wanted.names if name.startswith("*.")), None)
    if wild and wanted.challenge == "http-01":
        sink.report(WILDCARD, acme.at(), f'"{wild}" of lineage "{lineage}" cannot be proved by http-01')
    return wanted.challenge


def _reserve(chain: Chain, sink: Sink) -> None:
    reported: set[int] = set()
    for host in chain.hosts:
        host.challenges = True
        for route in host.routes:
            if route.rule.route.unreadable or id(route.match) in reported:
                continue
            if route.path is not None and _asks_for(route.path):
                reported.add(id(route.match))
                sink.report(SHADOWED, route.match.at("path"), f'requests for "{PATH}" go to certbot, not to this rule')
    if not any("*" in host.domains for host in chain.hosts):
        everything = VirtualHost(names.virtual_host(chain.name, "*"), ("*",), challenges=True)
        chain.hosts.append(everything)


def _asks_for(path: HTTPPathMatch) -> bool:
    """Whether a match means the challenges, rather than everything."""
    if path.type == "RegularExpression":
        import re2  # noqa: PLC0415 - most sites have no regular expression

        pattern = re2.compile(path.value)
        return bool(pattern.fullmatch(f"{PATH}token")) and not pattern.fullmatch("/any/other/path")
    return f"{path.value}/".startswith(PATH)
