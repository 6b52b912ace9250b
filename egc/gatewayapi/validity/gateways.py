"""Gateways and ListenerSets beside their listeners: addresses, labels, and TLS by port."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.validity import listeners

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.gateway import (
        FrontendTLSConfig,
        Gateway,
        GatewayAddress,
        GatewayInfrastructure,
        TLSPortConfig,
    )
    from egc.gatewayapi.models.listenerset import ListenerSet

NOT_AN_ADDRESS = Rule(
    code="EGC2070",
    severity=Severity.ERROR,
    title="Gateway address that cannot be bound",
    explanation="""
        `spec.addresses` takes IP addresses of the host. A host name cannot be bound; say in the host profile which
        addresses the Gateway has:

        ```yaml
        addresses: {web/eg: [192.0.2.7]}
        ```
        """,
    help="give an IP address of the host, or say it in the host profile: addresses",
    condition="Accepted/UnsupportedAddress",
)
PORT_TWICE = Rule(
    code="EGC2132",
    severity=Severity.ERROR,
    title="two TLS settings for one port",
    explanation="Each entry of `tls.frontend.perPort` replaces the default for its port, so a port has one at most.",
    help="merge the two entries, or change a port",
    condition="Programmed/Invalid",
)
ADDRESS_TWICE = Rule(
    code="EGC2133",
    severity=Severity.ERROR,
    title="address given twice",
    explanation="A Gateway has each of its addresses once.",
    help="remove one of them",
)
BAD_ADDRESS_NAME = Rule(
    code="EGC2134",
    severity=Severity.ERROR,
    title="address that is no host name",
    explanation="The value of an address of `type: Hostname` is a host name: lower case letters, digits, `-` and `.`.",
    help="write a host name such as web.example.com",
)
BAD_KEY = Rule(
    code="EGC2135",
    severity=Severity.ERROR,
    title="key that no label or annotation has",
    explanation="""
        A key is a name of up to 63 letters, digits, `-`, `_` and `.`, with a DNS name and a slash before it if that is
        wanted. It begins and ends with a letter or digit.

        ```yaml
        infrastructure:
          labels: {example.com/team: web}
        ```
        """,
    help="write a key such as team or example.com/team",
)

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOSTNAME = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_KEY = re.compile(rf"({_LABEL}(\.{_LABEL})*/)?([A-Za-z0-9][-A-Za-z0-9_.]{{0,61}})?[A-Za-z0-9]")
_LONGEST = 252  # characters of a key before the slash


def gateway(found: Gateway, flaws: Flaws) -> None:
    """Judge a Gateway."""
    spec = found.spec
    listeners.judge(spec.listeners, flaws)
    if spec.addresses:
        _addresses(spec.addresses, flaws)
    if spec.infrastructure is not None:
        _infrastructure(spec.infrastructure, flaws)
    if spec.tls is not None and spec.tls.frontend is not None:
        _ports(spec.tls.frontend, flaws)


def listener_set(found: ListenerSet, flaws: Flaws) -> None:
    """Judge a ListenerSet."""
    listeners.judge(found.spec.listeners, flaws)


def not_an_ip(value: str) -> str:
    """What to say of an address that should be one."""
    return f'"{value}" is not an IP address'


def _addresses(addresses: Sequence[GatewayAddress], flaws: Flaws) -> None:
    first: dict[tuple[str, str], GatewayAddress] = {}
    for address in addresses:
        value, at = address.value, address.at("value")
        if value is None or address.type not in ("IPAddress", "Hostname"):
            continue
        if address.type == "IPAddress" and not _is_ip(value):
            flaws.report(address, NOT_AN_ADDRESS, at, not_an_ip(value))
        if address.type == "Hostname" and not _HOSTNAME.fullmatch(value):
            flaws.report(address, BAD_ADDRESS_NAME, at, f'"{value}" is not a host name')
        other = first.setdefault((address.type, value), address)
        if other is not address:
            related = [(other.at("value"), "first here")]
            flaws.report(address, ADDRESS_TWICE, at, f'address "{value}" is given twice', related=related)


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value  # a zone is no part of what the API takes


def _infrastructure(found: GatewayInfrastructure, flaws: Flaws) -> None:
    keyed: dict[str, Mapping[str, str]] = {"labels": found.labels, "annotations": found.annotations}
    for alias, values in keyed.items():
        for key in values:
            prefix = key.partition("/")[0]
            if len(prefix) > _LONGEST:
                problem = f"has {len(prefix)} characters before the slash, more than {_LONGEST}"
            elif not _KEY.fullmatch(key):
                problem = f"cannot be the key of a{'n' * (alias == 'annotations')} {alias.removesuffix('s')}"
            else:
                continue
            flaws.report(found, BAD_KEY, found.at(alias, key).key, f'"{key[:60]}" {problem}')


def _ports(frontend: FrontendTLSConfig, flaws: Flaws) -> None:
    first: dict[int, TLSPortConfig] = {}
    for entry in frontend.per_port:
        other = first.setdefault(entry.port, entry)
        if other is not entry:
            message, related = f"port {entry.port} has two entries", [(other.at("port"), "first here")]
            for flawed in (entry, other):  # nobody knows which of them protects the port
                flaws.report(flawed, PORT_TWICE, entry.at("port"), message, related=related)
