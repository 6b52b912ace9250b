"""What the Gateway API says of a set of objects: what attaches to what, and which reference leads where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Located, Rule
from egc.gatewayapi.conditions import Conditions
from egc.gatewayapi.flaws import Flaws
from egc.gatewayapi.models.gateway import Gateway, Listener
from egc.gatewayapi.models.gatewayclass import GatewayClass
from egc.gatewayapi.models.shared import BackendObjectReference, BackendRef, ParentReference
from egc.gatewayapi.tls import (
    BackendTLSPolicyNode,
    CertificateNode,
    Claim,
    ClientValidation,
    GatewayTLS,
    HostCertificates,
    UpstreamTLS,
)
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:  # a site imports the models of the kinds that it has
    from egc.gatewayapi.models.grpcroute import GRPCRoute, GRPCRouteFilter, GRPCRouteRule
    from egc.gatewayapi.models.httproute import HTTPRoute, HTTPRouteFilter, HTTPRouteRule
    from egc.gatewayapi.models.listenerset import ListenerSet
    from egc.gatewayapi.models.shared import SessionPersistence
    from egc.gatewayapi.models.tcproute import TCPRoute, TCPRouteRule
    from egc.gatewayapi.models.tlsroute import TLSRoute, TLSRouteRule
    from egc.gatewayapi.models.udproute import UDPRoute, UDPRouteRule
    from egc.gatewayapi.rules.grants import Target

    Route = HTTPRoute | GRPCRoute | TLSRoute | TCPRoute | UDPRoute
    RouteRule = HTTPRouteRule | GRPCRouteRule | TLSRouteRule | TCPRouteRule | UDPRouteRule
    RouteFilter = HTTPRouteFilter | GRPCRouteFilter


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
    udp: bool = False
    tls: UpstreamTLS | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a backendRef leads nowhere. ``field`` is the one at fault; ``rule`` is None when something else told already.

    ``status`` is what its share of the traffic is answered: 500, or 503 for a backend that exists without endpoints.
    ``related`` are places in the backend that have to do with it. ``reason`` is that of the condition without a rule.
    """

    rule: Rule | None
    message: str
    field: str = "name"
    help: str = ""
    status: int = 500
    related: tuple[tuple[Located, str], ...] = ()
    reason: str = "BackendNotFound"


@dataclass(eq=False, slots=True)
class ListenerNode:
    """A listener of a Gateway, or of its ListenerSet (``owner``), with its routes: a ``closed`` one takes none."""

    gateway: GatewayNode
    owner: GatewayNode | ListenerSetNode
    spec: Listener
    index: int
    closed: bool = False
    conditions: Conditions = field(default_factory=Conditions)
    kinds: list[str] = field(default_factory=list)
    certificates: list[CertificateNode] = field(default_factory=list)
    validation: ClientValidation | None = None
    attached: list[Attachment] = field(default_factory=list)
    routes: dict[int, None] = field(default_factory=dict)

    @property
    def hostname(self) -> str:
        """The listener's hostname; ``*`` when it says none."""
        return self.spec.hostname or "*"

    @property
    def name(self) -> str:
        """namespace/gateway/listener, as Envoy Gateway names it; a ListenerSet stands before its listener."""
        gateway, owner = self.gateway.resource, self.owner.resource
        within = "" if self.owner is self.gateway else f"{owner.namespace}/{owner.name}/"
        return f"{gateway.namespace}/{gateway.name}/{within}{self.spec.name}"

    @property
    def programmed(self) -> bool:
        """Whether the listener is served at all."""
        return not self.conditions.denied("Programmed")


@dataclass(eq=False, slots=True)
class GatewayNode:
    """A Gateway of one of our classes. All routes of a ``broken`` one answer 500.

    Without ``addresses`` it is on all of the host, but an ``unbound`` one asked for some and can have none.
    """

    resource: Gateway
    broken: bool = False
    addresses: tuple[str, ...] = ()
    unbound: bool = False
    listeners: list[ListenerNode] = field(default_factory=list)
    sets: list[ListenerSetNode] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)
    tls: GatewayTLS = field(default_factory=GatewayTLS)

    def all_listeners(self) -> Iterator[ListenerNode]:
        """Its own listeners, then those of its ListenerSets, in the order of their precedence."""
        yield from self.listeners
        for found in self.sets:
            yield from found.listeners


@dataclass(eq=False, slots=True)
class ListenerSetNode:
    """A ListenerSet that names a Gateway of ours; one that the Gateway does not let in has no listeners."""

    resource: ListenerSet
    gateway: GatewayNode
    broken: bool = False
    listeners: list[ListenerNode] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class BackendNode:
    """A backendRef of a rule, or of one of its filters, resolved or known to lead nowhere."""

    ref: BackendObjectReference
    backend: Backend | None
    fault: Fault | None = None

    @property
    def filters(self) -> Sequence[RouteFilter]:
        """What is done to its share of the traffic alone."""
        return getattr(self.ref, "filters", ())

    @property
    def weight(self) -> int:
        """Its share; 0 takes no traffic."""
        return self.ref.weight if isinstance(self.ref, BackendRef) else 1


@dataclass(frozen=True, slots=True)
class Extension:
    """The object that an extensionRef names, and those that it refers to. One that ``answers`` needs no backend."""

    resource: Resource
    sources: tuple[Resource, ...] = ()
    answers: bool = False


@dataclass(eq=False, slots=True)
class RuleNode:
    """A rule of a route. ``broken`` rules answer 500, but for the matches (by id) that Envoy cannot have: ``lost``.

    What its filters and those of its backends refer to is found by the id of the filter: ``asked`` are the backends
    that they name, ``extended`` the objects of extensionRefs.
    """

    route: RouteNode
    spec: RouteRule
    index: int
    backends: list[BackendNode] = field(default_factory=list)
    asked: dict[int, BackendNode] = field(default_factory=dict)
    extended: dict[int, Extension | Fault] = field(default_factory=dict)
    broken: bool = False
    lost: set[int] = field(default_factory=set)

    @property
    def http(self) -> HTTPRouteRule | None:
        """The rule where it is one of an HTTPRoute."""
        return cast("HTTPRouteRule", self.spec) if self.route.kind == "HTTPRoute" else None

    @property
    def grpc(self) -> GRPCRouteRule | None:
        """The rule where it is one of a GRPCRoute."""
        return cast("GRPCRouteRule", self.spec) if self.route.kind == "GRPCRoute" else None

    @property
    def filters(self) -> Sequence[RouteFilter]:
        """What is done to requests and responses; TCP, TLS and UDP have nothing of the kind."""
        return getattr(self.spec, "filters", ())

    def extensions(self, filters: Iterable[RouteFilter]) -> list[Extension]:
        """What the extensionRefs among some filters name, as far as it was found."""
        if not self.extended:
            return []
        found = (self.extended.get(id(each)) for each in filters)
        return [each for each in found if isinstance(each, Extension)]

    @property
    def answers(self) -> bool:
        """Whether the rule needs no backend: a filter answers every request."""
        redirects = any(found.type == "RequestRedirect" for found in self.filters)
        return redirects or any(found.answers for found in self.extensions(self.filters))

    @property
    def session(self) -> SessionPersistence | None:
        """How clients stay with one endpoint, where they are to."""
        return getattr(self.spec, "session_persistence", None)


@dataclass(eq=False, slots=True)
class ParentNode:
    """One parentRef of a route that names a Gateway of ours, or a ListenerSet of one."""

    route: RouteNode
    ref: ParentReference
    target: GatewayNode | ListenerSetNode
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(eq=False, slots=True)
class Attachment:
    """A route on a listener, with the hostnames that both agree on."""

    listener: ListenerNode
    parent: ParentNode
    hostnames: tuple[str, ...]


@dataclass(eq=False, slots=True)
class RouteNode:
    """A route that names at least one parent of ours. ``conditions`` hold what is true for every parent.

    Of an ``unreadable`` one there are only names, hosts and matches.
    """

    resource: Route
    parents: list[ParentNode] = field(default_factory=list)
    rules: list[RuleNode] = field(default_factory=list)
    conditions: Conditions = field(default_factory=Conditions)
    unreadable: bool = False

    @property
    def kind(self) -> str:
        """HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute."""
        return self.resource.kind

    @property
    def hostnames(self) -> Sequence[str]:
        """The names that it is for; none means all of the listener's, and TCP and UDP know no names."""
        return getattr(self.resource.spec, "hostnames", ())


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
    flaws: Flaws = field(default_factory=Flaws)
    host: HostCertificates = field(default_factory=HostCertificates)
    classes: list[ClassNode] = field(default_factory=list)
    gateways: list[GatewayNode] = field(default_factory=list)
    listener_sets: list[ListenerSetNode] = field(default_factory=list)
    routes: list[RouteNode] = field(default_factory=list)
    tls_policies: list[BackendTLSPolicyNode] = field(default_factory=list)
    governors: dict[Target, list[Claim]] = field(default_factory=dict)

    def listeners(self) -> Iterator[ListenerNode]:
        """Every listener of every Gateway, with those of its ListenerSets."""
        for gateway in self.gateways:
            yield from gateway.all_listeners()
