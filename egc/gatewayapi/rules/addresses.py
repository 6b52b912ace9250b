"""Which addresses a Gateway binds.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode
from egc.gatewayapi.models.gateway import GatewayAddress
from egc.gatewayapi.rules.services import is_ip
from egc.gatewayapi.validity.gateways import NOT_AN_ADDRESS, not_an_ip

NOT_USABLE = Rule(
    code="EGC2073",
    severity=Severity.ERROR,
    title="Gateway address that no host has",
    explanation="""
        A host listens on IP addresses. A host name stands for addresses that only DNS knows, those of a multicast
        group belong to no host, and link-local ones of IPv6 to a link that cannot be told. The Gateway is served on its
        other addresses.

        ```yaml
        addresses: [{type: IPAddress, value: 192.0.2.7}]
        ```
        """,
    help="give an IP address of the host, or none for all of them",
    condition="Programmed/AddressNotUsable",
)

NOT_OF_THE_HOST = Rule(
    code="EGC2082",
    severity=Severity.WARNING,
    title="Gateway address that the host profile does not know",
    explanation="""
        The host profile says which addresses the host has for the Gateway, and `spec.addresses` names another. The
        Gateway's own addresses count. If the host does not have them, Envoy does not start there; `egc-site doctor`
        looks for them on the host.

        ```yaml
        addresses: {web/eg: [192.0.2.7]}
        ```
        """,
    help="use an address of the profile, or correct addresses in the host profile",
)


def bound(gateway: GatewayNode, profile: Mapping[str, Sequence[str]], sink: Sink) -> tuple[str, ...]:
    """IP addresses: the Gateway's own, else those of the host profile; none means all of the host."""
    resource = gateway.resource
    of_profile = profile.get(f"{resource.namespace}/{resource.name}", ())
    asked = resource.spec.addresses
    usable = [address for address in asked if _is_usable(gateway, address, sink) and address.value is not None]
    if of_profile:
        _compare(usable, of_profile, sink)
    found = [address.value for address in usable if address.value is not None]
    # One without a value asks for any address.
    if not asked or any(address.type == "IPAddress" and address.value is None for address in asked):
        if not of_profile:
            return ()
        found += of_profile
    gateway.unbound = not found
    return tuple(sorted({str(_ip(address)) if is_ip(address) else address for address in found}))


def _ip(value: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 that is written as IPv6, which no socket can be bound to, is one of IPv4."""
    address = ip_address(value)
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _compare(usable: Iterable[GatewayAddress], of_profile: Sequence[str], sink: Sink) -> None:
    """The build host is not the one that serves: what that one has, only its profile can tell."""
    known = {_ip(address) for address in of_profile if is_ip(address)}
    for address in usable:
        asked = _ip(address.value or "::")
        if not asked.is_unspecified and asked not in known:
            message = f'the host profile gives the Gateway {", ".join(of_profile)}, not "{address.value}"'
            sink.report(NOT_OF_THE_HOST, address.at("value"), message)


def _is_usable(gateway: GatewayNode, address: GatewayAddress, sink: Sink) -> bool:
    type, value = address.type, address.value
    if type == "Hostname":
        message = "a host name cannot be bound" if value is None else f'host name "{value}" cannot be bound'
        gateway.conditions.deny(NOT_USABLE, address.at("type"), message, sink)
        return False
    if type != "IPAddress":
        message = f'an address of type "{type}" cannot be bound'
        gateway.conditions.deny(NOT_AN_ADDRESS, address.at("type"), message, sink)
        return False
    if value is None:
        return True
    if not is_ip(value) or "%" in value:
        gateway.conditions.mark(NOT_AN_ADDRESS, not_an_ip(value))
        return False
    found = _ip(value)
    if found.is_multicast or (found.version == 6 and found.is_link_local):
        what = "a multicast group" if found.is_multicast else "link-local, and nothing says of which link"
        gateway.conditions.deny(NOT_USABLE, address.at("value"), f'"{value}" is {what}', sink)
        return False
    return True
