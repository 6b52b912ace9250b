"""The names that a TLSRoute is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.tlsroute import TLSRoute

IP_AS_HOSTNAME = Rule(
    code="EGC2104",
    severity=Severity.ERROR,
    title="IP address as the hostname of a TLSRoute",
    explanation="""
        Clients do not send a server name when they connect to an IP address, so no connection would ever match.
        https://www.rfc-editor.org/rfc/rfc6066#section-3
        """,
    help="write the name that clients connect to",
)

# What the schema takes for a hostname cannot be an IPv6 address.
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IP = re.compile(rf"{_OCTET}(\.{_OCTET}){{3}}")

# The version before these rules.
_WITHOUT = "gateway.networking.k8s.io/v1alpha2"


def judge(route: TLSRoute, flaws: Flaws) -> None:
    """Report IP addresses."""
    if route.api_version == _WITHOUT:
        return
    spec = route.spec
    for i, hostname in enumerate(spec.hostnames):
        if _IP.fullmatch(hostname):
            flaws.report(spec, IP_AS_HOSTNAME, spec.at("hostnames", i), f'"{hostname}" is an IP address, not a name')
