"""The kinds of Kubernetes itself that matter to a gateway."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from egc.kube.markers import Ignored, Opaque
from egc.kube.model import Model
from egc.kube.resource import Resource
from egc.kube.scalars import Base64, IntOrString, PortNumber, is_base64

_CLUSTER = Ignored("there is no cluster network", quiet=True)
_IMMUTABLE = Ignored("only the API server enforces it", quiet=True)

Protocol = Literal["TCP", "UDP", "SCTP"]


class NamespaceSpec(Model):
    """What the API server keeps of a namespace."""

    finalizers: Annotated[Opaque, Ignored("the API server writes it", quiet=True)] = None


class Namespace(Resource):
    """A namespace; its labels are what selectors of namespaces look at."""

    spec: NamespaceSpec | None = None


class ServicePort(Model):
    """A port of a Service."""

    name: str | None = None
    port: PortNumber
    target_port: IntOrString | None = None
    protocol: Protocol = "TCP"
    app_protocol: str | None = None
    node_port: Annotated[Opaque, _CLUSTER] = None


class ServiceSpec(Model):
    """A Service's ports and addresses."""

    ports: list[ServicePort] = Field(default_factory=list)
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

    name: str | None = None
    port: PortNumber | None = None
    protocol: Protocol = "TCP"
    app_protocol: Annotated[Opaque, Ignored("the Service's port says it", quiet=True)] = None


class EndpointSlice(Resource):
    """Some of the endpoints of the Service that the label ``kubernetes.io/service-name`` names."""

    address_type: Literal["IPv4", "IPv6", "FQDN"]
    endpoints: list[SliceEndpoint] = Field(default_factory=list)
    ports: list[SlicePort] = Field(default_factory=list)


def _secret_texts(value: object) -> object:
    """Refuse what is not text at the level of the mapping: an error there does not hold the secret."""
    for key, text in value.items() if isinstance(value, dict) else ():
        if not isinstance(text, str):
            raise PydanticCustomError("form", 'needs a string under "{key}"', {"key": str(key)})
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

    data: dict[str, str] = Field(default_factory=dict)
    binary_data: dict[str, Base64] = Field(default_factory=dict)
    immutable: Annotated[Opaque, _IMMUTABLE] = None
