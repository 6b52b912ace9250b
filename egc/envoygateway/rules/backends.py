"""Backend objects: IP addresses, DNS names and unix sockets.

https://gateway.envoyproxy.io/docs/tasks/traffic/backend/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink
from egc.envoygateway.rules import backend_tls
from egc.gatewayapi.finders import FindBackend
from egc.gatewayapi.graph import Backend, Endpoint, Fault
from egc.gatewayapi.rules.backendtls import UNPROVED
from egc.gatewayapi.rules.services import is_ip
from egc.kube.resource import Resource
from egc.kube.resources import Resources, key_of

if TYPE_CHECKING:
    from egc.envoygateway.models.backend import Backend as BackendResource
    from egc.envoygateway.models.backend import BackendEndpoint

BACKENDS_OFF = Rule(
    code="EGC3010",
    severity=Severity.ERROR,
    title="Backend objects are turned off",
    explanation="The EnvoyGateway document says `extensionApis.enableBackend: false`: then no route may use one.",
    help="set extensionApis.enableBackend: true",
    condition="ResolvedRefs/UnsupportedValue",
)
MIXED_ENDPOINTS = Rule(
    code="EGC3011",
    severity=Severity.ERROR,
    title="Backend mixes DNS names with addresses",
    explanation="Envoy resolves the endpoints of a cluster in one way: all by DNS, or none. Split the Backend in two.",
    help="use two Backends",
    condition="ResolvedRefs/UnsupportedAddressType",
)
BAD_ADDRESS = Rule(
    code="EGC3012",
    severity=Severity.ERROR,
    title="Backend endpoint is not an address",
    explanation="`ip.address` takes an IPv4 or IPv6 address, `fqdn.hostname` a DNS name.",
    condition="ResolvedRefs/InvalidAddress",
)
NO_ENDPOINT = Rule(
    code="EGC3013",
    severity=Severity.ERROR,
    title="Backend endpoint says not where",
    explanation="""
        Each endpoint has just one of `fqdn`, `ip` and `unix`.

        ```yaml
        endpoints:
        - ip: {address: 127.0.0.1, port: 8000}
        - ip: {address: 127.0.0.1, port: 8001}
        ```
        """,
    help="give the endpoint one of fqdn, ip and unix",
)
DYNAMIC_RESOLVER = Rule(
    code="EGC3014",
    severity=Severity.ERROR,
    title="dynamic resolver is not supported",
    explanation="A Backend of type DynamicResolver forwards to whatever host a client names; egc builds none.",
    help="list its hosts as endpoints",
    condition="ResolvedRefs/UnsupportedValue",
    lenient=True,
)


def finder(sink: Sink) -> FindBackend:
    """How to find a Backend, and how it wants to be spoken to."""

    def find(resources: Resources, resource: Resource, port: int | None, transport: str) -> Backend | Fault:
        del port  # a Backend's endpoints have ports of their own
        found, spec = _found(resources, resource, transport), cast("BackendResource", resource).spec
        if isinstance(found, Fault) or spec.tls is None:
            return found
        checks = backend_tls.read(resources, resource, spec.tls, sink)
        if isinstance(checks, Fault):
            return checks
        nameless = [i for i, at in enumerate(found.endpoints) if not at.is_name and not at.hostname]
        if checks.of_endpoint and nameless:
            message = f'Backend "{resource.name}" has an endpoint without a name to ask for'
            related = ((spec.endpoints[nameless[0]].at(), "this endpoint"),)
            return Fault(UNPROVED, message, help="give it a hostname, or set tls.sni", related=related)
        return replace(found, tls=checks)

    return find


def _found(resources: Resources, resource: Resource, transport: str) -> Backend | Fault:
    """The endpoints of a Backend."""
    if key_of(resource) in resources.refused:
        return Fault(None, f'Backend "{resource.name}" has settings that are not supported')
    spec = cast("BackendResource", resource).spec
    if spec.type == "DynamicResolver":
        message = f'Backend "{resource.name}" is a dynamic resolver'
        return Fault(DYNAMIC_RESOLVER, message, related=((spec.at("type"), "its type"),))
    found: list[Endpoint] = []
    for entry in spec.endpoints:
        endpoint = _endpoint(resource.name, entry)
        if isinstance(endpoint, Fault):
            return endpoint
        found.append(endpoint)
    are_names = [endpoint.is_name for endpoint in found]
    if len(set(are_names)) > 1:
        labels = {are_names.index(True): "a DNS name", are_names.index(False): "an address"}
        related = tuple((spec.endpoints[i].at(), labels[i]) for i in sorted(labels))
        return Fault(MIXED_ENDPOINTS, f'Backend "{resource.name}" mixes DNS names with addresses', related=related)
    protocols = spec.app_protocols or []
    return Backend(resource, None, tuple(found), protocols[0] if protocols else "", transport == "UDP")


def turned_off(resources: Resources, resource: Resource, port: int | None, transport: str) -> Fault:
    """What a Backend is when the extension is turned off."""
    del resources, resource, port, transport
    return Fault(BACKENDS_OFF, "Backend objects are turned off in the EnvoyGateway document", "kind")


def _endpoint(name: str, entry: BackendEndpoint) -> Endpoint | Fault:
    given = [part for part in (entry.fqdn, entry.ip, entry.unix) if part is not None]
    if len(given) != 1:
        message = f'an endpoint of Backend "{name}" has {"several" if given else "none"} of fqdn, ip and unix'
        return Fault(NO_ENDPOINT, message, related=((entry.at(), "this endpoint"),))
    if entry.unix is not None:
        return Endpoint(path=entry.unix.path, hostname=entry.hostname or "")
    if entry.ip is not None:
        if not is_ip(entry.ip.address):
            message = f'"{entry.ip.address}" of Backend "{name}" is not an IP address'
            return Fault(BAD_ADDRESS, message, related=((entry.ip.at("address"), "this address"),))
        return Endpoint(entry.ip.address, entry.ip.port, hostname=entry.hostname or "")
    if entry.fqdn is None or is_ip(entry.fqdn.hostname):
        message = f'Backend "{name}" has an IP address where a DNS name is wanted'
        related = ((entry.at("fqdn", "hostname"), "this address"),)
        return Fault(BAD_ADDRESS, message, help="use ip: {address: …, port: …}", related=related)
    return Endpoint(entry.fqdn.hostname, entry.fqdn.port, is_name=True, hostname=entry.hostname or "")
