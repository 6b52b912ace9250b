"""Which addresses a Gateway binds.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress
"""

from collections.abc import Mapping, Sequence

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode
from egc.gatewayapi.rules.services import is_ip

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


def bound(gateway: GatewayNode, profile: Mapping[str, Sequence[str]], sink: Sink) -> tuple[str, ...]:
    """IP addresses: the Gateway's own, else those of the host profile; none means all of the host."""
    resource = gateway.resource
    found: dict[str, None] = {}
    for address in resource.spec.addresses:
        if address.type != "IPAddress":
            message = f'an address of type "{address.type}" cannot be bound'
            gateway.conditions.deny(NOT_AN_ADDRESS, address.at("type"), message, sink)
        elif address.value is not None and not is_ip(address.value):
            gateway.conditions.deny(
                NOT_AN_ADDRESS, address.at("value"), f'"{address.value}" is not an IP address', sink
            )
        elif address.value:
            found[address.value] = None
    return tuple(sorted(found or profile.get(f"{resource.namespace}/{resource.name}", [])))
