"""The kinds of Kubernetes itself that matter to a gateway."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Literal, TypeVar
from typing import Protocol as TypingProtocol

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from egc.kube.markers import Ignored, Opaque
from egc.kube.model import Model
from egc.kube.resource import ObjectMeta, Resource
from egc.kube.scalars import SUBDOMAIN, Base64, PortName, PortNumber, TargetPort, is_base64
from egc.kube.schema_errors import misfit

_CLUSTER = Ignored("there is no cluster network", quiet=True)
_IMMUTABLE = Ignored("only the API server enforces it", quiet=True)

Protocol = Literal["TCP", "UDP", "SCTP"]
M = TypeVar("M")
_DATA_KEY = re.compile(r"(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}")


def _dotless(found: ObjectMeta) -> ObjectMeta:
    if len(found.name) > 63 or "." in found.name:
        raise misfit('has the name "{text}", which is no part of a host name', "name", text=found.name[:60])
    return found


DotlessMeta = Annotated[ObjectMeta, AfterValidator(_dotless)]
"""That of kinds whose names are parts of host names."""


class NamespaceSpec(Model):
    """What the API server keeps of a namespace."""

    finalizers: Annotated[Opaque, Ignored("the API server writes it", quiet=True)] = None


class Namespace(Resource):
    """A namespace; its labels are what selectors of namespaces look at."""

    metadata: DotlessMeta
    spec: NamespaceSpec | None = None


class _Named(TypingProtocol):
    @property
    def name(self) -> str | None: ...


def _distinct(ports: Sequence[_Named]) -> None:
    seen: set[str] = set()
    for i, port in enumerate(ports):
        name = port.name or ""
        if name in seen:
            raise misfit('has two ports of the name "{text}"', i, text=name)
        seen.add(name)


class ServicePort(Model):
    """A port of a Service."""

    name: PortName | None = None
    port: PortNumber
    target_port: TargetPort | None = None
    protocol: Protocol = "TCP"
    app_protocol: str | None = None
    node_port: Annotated[Opaque, _CLUSTER] = None


def _each_named(ports: list[ServicePort]) -> list[ServicePort]:
    """One port needs no name; several are told apart by theirs."""
    nameless = next((i for i, port in enumerate(ports) if not port.name), None)
    if len(ports) > 1 and nameless is not None:
        raise misfit("has several ports, one of them without a name", nameless)
    _distinct(ports)
    seen: set[tuple[int, str]] = set()
    for i, port in enumerate(ports):
        place = port.port, port.protocol
        if place in seen:
            raise misfit("has the port {text} of {more} twice", i, text=str(port.port), more=port.protocol)
        seen.add(place)
    return ports


class ServiceSpec(Model):
    """A Service's ports and addresses."""

    ports: Annotated[list[ServicePort], AfterValidator(_each_named)] = Field(default_factory=list)
    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    cluster_ip: Annotated[Opaque, _CLUSTER] = Field(default=None, alias="clusterIP")
    cluster_ips: Annotated[Opaque, _CLUSTER] = Field(default=None, alias="clusterIPs")
    external_name: Annotated[Opaque, Ignored("a Service of that type is refused", quiet=True)] = None
    ip_families: Annotated[Opaque, _CLUSTER] = None
    ip_family_policy: Annotated[Opaque, _CLUSTER] = None
    selector: Annotated[Opaque, Ignored("there are no pods to select", quiet=True)] = None
    allocate_load_balancer_node_ports: Annotated[Opaque, _CLUSTER] = None
    external_ips: Annotated[Opaque, _CLUSTER] = Field(default=None, alias="externalIPs")
    external_traffic_policy: Annotated[Opaque, _CLUSTER] = None
    health_check_node_port: Annotated[Opaque, _CLUSTER] = None
    internal_traffic_policy: Annotated[Opaque, _CLUSTER] = None
    load_balancer_class: Annotated[Opaque, _CLUSTER] = None
    load_balancer_ip: Annotated[Opaque, _CLUSTER] = Field(default=None, alias="loadBalancerIP")
    load_balancer_source_ranges: Annotated[Opaque, _CLUSTER] = None
    publish_not_ready_addresses: Annotated[Opaque, _CLUSTER] = None
    session_affinity: Annotated[Opaque, _CLUSTER] = None
    session_affinity_config: Annotated[Opaque, _CLUSTER] = None
    traffic_distribution: Annotated[Opaque, _CLUSTER] = None


class Service(Resource):
    """A name for a set of endpoints."""

    metadata: DotlessMeta
    spec: ServiceSpec


class EndpointConditions(Model):
    """Whether an endpoint takes traffic; None is unknown, which counts as ready."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(Model):
    """One endpoint of a Service; its addresses are interchangeable."""

    addresses: list[str] = Field(min_length=1, max_length=100)
    conditions: EndpointConditions = Field(default_factory=EndpointConditions)
    hostname: Annotated[Opaque, _CLUSTER] = None
    node_name: Annotated[Opaque, _CLUSTER] = None
    zone: Annotated[Opaque, _CLUSTER] = None
    target_ref: Annotated[Opaque, _CLUSTER] = None
    hints: Annotated[Opaque, _CLUSTER] = None
    deprecated_topology: Annotated[Opaque, _CLUSTER] = None


class SlicePort(Model):
    """A port on which every endpoint of the slice listens; ``name`` is that of the Service's port."""

    name: PortName | None = None
    port: PortNumber | None = None
    protocol: Protocol = "TCP"
    app_protocol: Annotated[Opaque, Ignored("the Service's port says it", quiet=True)] = None


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return "%" not in text


_ADDRESSES: Mapping[str, Callable[[str], bool]] = {
    "IPv4": partial(_is, ipaddress.IPv4Address),
    "IPv6": partial(_is, ipaddress.IPv6Address),
    "FQDN": lambda text: len(text) <= 253 and SUBDOMAIN.fullmatch(text.removesuffix(".")) is not None,
}


def _ports_of_slice(ports: list[SlicePort]) -> list[SlicePort]:
    _distinct(ports)
    return ports


class EndpointSlice(Resource):
    """Some of the endpoints of the Service that the label ``kubernetes.io/service-name`` names."""

    address_type: Literal["IPv4", "IPv6", "FQDN"]
    endpoints: list[SliceEndpoint] = Field(default_factory=list)
    ports: Annotated[list[SlicePort], AfterValidator(_ports_of_slice)] = Field(default_factory=list)

    @field_validator("endpoints")
    @classmethod
    def _of_the_type(cls, endpoints: list[SliceEndpoint], info: ValidationInfo) -> list[SliceEndpoint]:
        form = _ADDRESSES.get(info.data.get("address_type", ""))
        for i, endpoint in enumerate(endpoints):
            for j, address in enumerate(endpoint.addresses):
                if form is not None and not form(address):
                    said, type_ = 'has "{text}" as an address of type {more}', info.data["address_type"]
                    raise misfit(said, i, "addresses", j, text=address[:60], more=type_)
        return endpoints


def _secret_texts(value: object) -> object:
    """Refuse what is not text at the level of the mapping: an error there does not hold the secret."""
    if (odd := _odd_key(value)) is not None:
        # Not which: what is no key may be part of the secret.
        raise misfit("has a key that no file could be called", odd, on_key=True)
    for key, text in value.items() if isinstance(value, dict) else ():
        if not isinstance(text, str):
            raise PydanticCustomError("form", 'needs a string under "{key}"', {"key": str(key)})
    return value


def _odd_key(value: object) -> str | None:
    keys = value if isinstance(value, dict) else ()
    return next((key for key in keys if not isinstance(key, str) or not _DATA_KEY.fullmatch(key)), None)


def _with_keys(value: M) -> M:
    if (key := _odd_key(value)) is not None:
        raise misfit('has the key "{text}", which no file could be called', key, on_key=True, text=str(key)[:60])
    return value


def _secret_base64(value: object) -> object:
    _secret_texts(value)
    for key, text in value.items() if isinstance(value, dict) else ():
        if not is_base64(text):
            raise PydanticCustomError("form", 'needs base64 under "{key}"', {"key": str(key)})
    return value


class Secret(Resource):
    """Confidential values: ``data`` in base64, ``stringData`` as they are."""

    type: str = "Opaque"
    data: Annotated[dict[str, str], BeforeValidator(_secret_base64)] = Field(default_factory=dict, repr=False)
    string_data: Annotated[dict[str, str], BeforeValidator(_secret_texts)] = Field(default_factory=dict, repr=False)
    immutable: Annotated[Opaque, _IMMUTABLE] = None


class ConfigMap(Resource):
    """Values that are not confidential: ``data`` as text, ``binaryData`` in base64."""

    data: Annotated[dict[str, str], AfterValidator(_with_keys)] = Field(default_factory=dict)
    binary_data: Annotated[dict[str, Base64], AfterValidator(_with_keys)] = Field(default_factory=dict)
    immutable: Annotated[Opaque, _IMMUTABLE] = None
