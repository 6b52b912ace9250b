"""Services: their ports, and where they really listen.

An EndpointSlice of the input says it first, then the host profile's ``services``, then its ``dns`` pattern.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.finders import FindBackend
from egc.gatewayapi.graph import Backend, Endpoint, Fault
from egc.gatewayapi.validity.backends import PORT_MISSING, portless
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.kube.core import EndpointSlice, Service, ServicePort

PORT_NOT_FOUND = Rule(
    code="EGC2034",
    severity=Severity.ERROR,
    title="Service has no such port",
    explanation="The reference's `port` is a port of the Service, not the `targetPort` that its process listens on.",
    condition="ResolvedRefs/PortNotFound",
)
NOWHERE = Rule(
    code="EGC2035",
    severity=Severity.ERROR,
    title="nobody says where the Service listens",
    explanation="""
        In a cluster the endpoints of a Service come from its Pods. On one host, say it in the host profile:

        ```yaml
        services:
          shop/cart: {8000: ["127.0.0.1:8001"]}
        ```

        or by a name for all Services (`dns: "{name}"`), or with an EndpointSlice in the input.
        """,
    help="add it to services in the host profile, or set dns",
)
EXTERNAL_NAME = Rule(
    code="EGC2037",
    severity=Severity.ERROR,
    title="Service of type ExternalName as a backend",
    explanation="The Gateway API forbids ExternalName backends, since their name escapes the namespace's control.",
    help="use a Backend with an fqdn endpoint",
    condition="ResolvedRefs/UnsupportedValue",
)


def finder(listens: Mapping[str, Mapping[int, tuple[Endpoint, ...]]], dns: str | None) -> FindBackend:
    """How to find a Service's endpoints, given the host profile's ``services`` (by namespace/name) and ``dns``."""
    slices: dict[tuple[str, str], list[EndpointSlice]] = {}

    def find(resources: Resources, resource: Resource, port: int | None, transport: str) -> Backend | Fault:
        service = cast("Service", resource)
        spec = service.spec
        if spec.type == "ExternalName":
            related = ((spec.at("type"), "its type"),)
            return Fault(EXTERNAL_NAME, f'Service "{resource.name}" is of type ExternalName', related=related)
        if port is None:
            return Fault(PORT_MISSING, portless(resource.name))
        entry = next((p for p in spec.ports if p.port == port and p.protocol == transport), None)
        if entry is None:
            return _no_port(service, port, transport)
        if not slices:
            slices.update(_by_service(resources))
        owned = slices.get((service.namespace, service.name), ())
        endpoints = _of_slices(owned, entry) if owned else _told(service, entry, listens, dns)
        if endpoints is None:
            message = f'nobody says where Service "{resource.namespace}/{resource.name}" port {port} listens'
            return Fault(NOWHERE, message, status=503)
        return Backend(resource, port, endpoints, entry.app_protocol or "", transport == "UDP")

    return find


def _no_port(service: Service, port: int, transport: str) -> Fault:
    message = f'Service "{service.name}" has no {transport} port {port}'
    ports = [p for p in service.spec.ports if p.protocol == transport]
    target = next((p for p in ports if p.target_port == port), None)
    if target is not None:
        related = ((target.at("targetPort"), "this is where its process listens"),)
        return Fault(PORT_NOT_FOUND, message, "port", f"use port: {target.port}", related=related)
    known = ", ".join(str(p.port) for p in ports)
    return Fault(PORT_NOT_FOUND, message, "port", f"its ports: {known}" if known else "add the port to the Service")


def _told(
    service: Service,
    port: ServicePort,
    listens: Mapping[str, Mapping[int, tuple[Endpoint, ...]]],
    dns: str | None,
) -> tuple[Endpoint, ...] | None:
    """Where the host profile says that a Service listens."""
    told = listens.get(f"{service.namespace}/{service.name}", {}).get(port.port)
    if told is not None:
        return told
    if dns is None:
        return None
    name = dns.format(name=service.name, namespace=service.namespace)
    target = port.target_port if isinstance(port.target_port, int) else port.port
    return (Endpoint(name, target, is_name=True),)


def _by_service(resources: Resources) -> dict[tuple[str, str], list[EndpointSlice]]:
    """The slices of each Service, by namespace and name.

    https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ownership
    """
    found: dict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
    for entry in cast("list[EndpointSlice]", resources.of_kind("EndpointSlice")):
        found[entry.namespace, entry.metadata.labels.get("kubernetes.io/service-name", "")].append(entry)
    return found


def _of_slices(slices: Iterable[EndpointSlice], port: ServicePort) -> tuple[Endpoint, ...]:
    """Every endpoint once, though it may stand in several slices: as ready if one of them says so.

    https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#duplicate-endpoints
    """
    found: dict[tuple[str, int], Endpoint] = {}
    for endpoint in (endpoint for entry in slices for endpoint in _of_slice(entry, port)):
        first = found.setdefault((endpoint.host, endpoint.port), endpoint)
        if first.draining:
            found[endpoint.host, endpoint.port] = endpoint
    return tuple(found.values())


def _of_slice(found: EndpointSlice, port: ServicePort) -> Iterator[Endpoint]:
    for slice_port in found.ports:
        named = (slice_port.name or "") == (port.name or "")
        if not named or slice_port.protocol != port.protocol or slice_port.port is None:
            continue
        for endpoint in found.endpoints:
            conditions = endpoint.conditions
            ready = conditions.ready is not False
            serving = conditions.serving is True and conditions.terminating is True
            if ready or serving:
                for address in endpoint.addresses:
                    yield Endpoint(address, slice_port.port, is_name=found.address_type == "FQDN", draining=not ready)


def is_ip(host: str) -> bool:
    """Whether *host* is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
