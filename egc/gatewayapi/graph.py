"""What the Gateway API says of a set of objects: what attaches to what, and which reference leads where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from egc.diagnostics import Located, Rule
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.models.gateway import Gateway, Listener
from egc.gatewayapi.models.gatewayclass import GatewayClass
from egc.gatewayapi.models.httproute import HTTPBackendRef, HTTPRoute, HTTPRouteRule
from egc.gatewayapi.models.shared import ParentReference, SecretObjectReference
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.kube.core import Secret


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a backend listens: a host (IP or DNS name) and port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    is_name: bool = False
    hostname: str = ""
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend that was found. No endpoints is legal: it answers 503."""

    resource: Resource
    port: int | None
    endpoints: tuple[Endpoint, ...]
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a backendRef leads nowhere. ``field`` is the one at fault; ``rule`` is None when something else told already.

    ``status`` is what its share of the traffic is answered: 500, or 503 for a backend that exists without endpoints.
    ``related`` are places in the backend that have to do with it.
    """

    rule: Rule | None
    message: str
    field: str = "name"
    help: str = ""
    status: int = 500
    related: tuple[tuple[Located, str], ...] = ()


@dataclass(eq=False, slots=True)
class CertificateNode:
    """A certificateRef: the Secret of the input, or None where the host has the files."""

    ref: SecretObjectReference
    namespace: str
    secret: Secret | None


@dataclass(eq=False, slots=True)
class ListenerNode:
    """A listener of a Gateway and the routes attached to it."""

    gateway: GatewayNode
    spec: Listener
    index: int
    conditions: Conditions = field(default_factory=Conditions)
    kinds: list[str] = field(default_factory=list)
    certificates: list[CertificateNode] = field(default_factory=list)
    attached: list[Attachment] = field(default_factory=list)
    routes: dict[int, None] = field(default_factory=dict)

    @property
    def hostname(self) -> str:
        """The listener's hostname; ``*`` when it says none."""
        return self.spec.hostname or "*"

    @property
    def name(self) -> str:
        """namespace/gateway/listener, as Envoy Gateway names it."""
        resource = self.gateway.resource
        return f"{resource.namespace}/{resource.name}/{self.spec.name}"

    @property
    def programmed(self) -> bool:
        """Whether the listener is served at all."""
        return not self.conditions.denied("Programmed")


@dataclass(eq=False, slots=True)
class GatewayNode:
    """A Gateway of one of our classes. All routes of a ``broken`` one answer 500."""

    resource: Gateway
    broken: bool = False
    addresses: tuple[str, ...] = ()
    listeners: list[ListenerNode] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class BackendNode:
    """A backendRef of a rule, resolved or known to lead nowhere."""

    ref: HTTPBackendRef
    backend: Backend | None
    fault: Fault | None = None

    @property
    def weight(self) -> int:
        """Its share; 0 takes no traffic."""
        return self.ref.weight


@dataclass(eq=False, slots=True)
class RuleNode:
    """A rule of an HTTPRoute. ``broken`` rules answer 500; ``dropped`` ones cannot be expressed at all."""

    route: RouteNode
    spec: HTTPRouteRule
    index: int
    backends: list[BackendNode] = field(default_factory=list)
    broken: bool = False
    dropped: bool = False


@dataclass(eq=False, slots=True)
class ParentNode:
    """One parentRef of a route that names a Gateway of ours."""

    route: RouteNode
    ref: ParentReference
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class Attachment:
    """A route on a listener, with the hostnames that both agree on."""

    listener: ListenerNode
    parent: ParentNode
    hostnames: tuple[str, ...]


@dataclass(eq=False, slots=True)
class RouteNode:
    """An HTTPRoute that names at least one Gateway of ours. ``conditions`` hold what is true for every parent."""

    resource: HTTPRoute
    parents: list[ParentNode] = field(default_factory=list)
    rules: list[RuleNode] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class ClassNode:
    """A GatewayClass that names our controller."""

    resource: GatewayClass
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False)
class Graph:
    """The whole site in the vocabulary of the Gateway API."""

    resources: Resources
    controller: str
    classes: list[ClassNode] = field(default_factory=list)
    gateways: list[GatewayNode] = field(default_factory=list)
    routes: list[RouteNode] = field(default_factory=list)

    def listeners(self) -> Iterator[ListenerNode]:
        """Every listener of every Gateway."""
        for gateway in self.gateways:
            yield from gateway.listeners


# Finds the endpoints of one kind of backend; the port is the reference's.
FindBackend = Callable[[Resources, Resource, int | None], Backend | Fault]
Finders = Mapping[tuple[str, str], FindBackend]
