"""What will listen, what will be routed where: the shape of an Envoy configuration, without its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, cast

from egc.envoygateway.policies import Effective
from egc.gatewayapi.graph import BackendNode, Endpoint, Extension, ListenerNode, RouteNode, RuleNode
from egc.gatewayapi.tls import UpstreamTLS

if TYPE_CHECKING:
    from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicySpec
    from egc.envoygateway.models.clienttrafficpolicy import ClientTrafficPolicySpec
    from egc.envoygateway.models.httproutefilter import CookieMatch
    from egc.envoygateway.models.securitypolicy import SecurityPolicySpec
    from egc.gatewayapi.graph import RouteFilter
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPPathMatch, HTTPRouteMatch
    from egc.kube.core import Secret


class Protocol(Enum):
    """How Envoy speaks to a cluster."""

    HTTP1 = "HTTP"
    HTTP2 = "HTTP2"
    HTTP1_ONLY = "HTTP1"


@dataclass(frozen=True, slots=True)
class Locality:
    """One of several backends that share a cluster, with its weight among them."""

    name: str
    weight: int
    endpoints: tuple[Endpoint, ...]


@dataclass(eq=False, slots=True)
class Cluster:
    """Endpoints that Envoy may choose among, with the settings for talking to them.

    ``localities`` divide the endpoints where the cluster serves several backends. ``identity`` is what those that TLS
    is spoken to are shown.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    protocol: Protocol
    traffic: Effective[BackendTrafficPolicySpec] | None = None
    localities: tuple[Locality, ...] = ()
    udp: bool = False
    tls: UpstreamTLS | None = None
    identity: Certificate | None = None


@dataclass(eq=False, slots=True)
class Share:
    """A part of a route's traffic. ``cluster`` is None for a backend that leads nowhere."""

    node: BackendNode
    weight: int
    cluster: Cluster | None


@dataclass(eq=False, slots=True)
class Forward:
    """Send the request to one of the shares."""

    shares: tuple[Share, ...]


@dataclass(eq=False, slots=True)
class Redirect:
    """Send the client elsewhere; the rule's filter says where."""


@dataclass(eq=False, slots=True)
class Respond:
    """Answer with a status and nothing else."""

    status: int


@dataclass(eq=False, slots=True)
class Answer:
    """Answer as an extension of the rule says."""


@dataclass(eq=False, slots=True)
class Preflight:
    """Answer the question of a browser whether a script may call; nothing goes to a backend.

    ``any`` method may be asked for: what no other route answers.
    """

    any: bool = False


Action = Forward | Redirect | Answer | Preflight | Respond
MILLION = 1_000_000


@dataclass(eq=False, slots=True)
class Route:
    """One match of one rule, for one host; ``with_port`` takes only requests whose Host header has a port.

    A rule of which a backend has filters that Envoy knows for whole routes alone has a route for each backend: that of
    ``alone``. It takes the requests whose random number is ``below`` so many millionths, and the last one the rest;
    those before it leave it what is not ``above``.
    """

    name: str
    host: str
    match: HTTPRouteMatch | GRPCRouteMatch
    rule: RuleNode
    listener: ListenerNode
    action: Action
    client: Effective[ClientTrafficPolicySpec] | None
    traffic: Effective[BackendTrafficPolicySpec] | None
    security: Effective[SecurityPolicySpec] | None
    with_port: bool = False
    cookies: Sequence[CookieMatch] = ()
    alone: BackendNode | None = None
    above: int = 0
    below: int = 0
    asked: Mapping[int, Cluster] = field(default_factory=dict)
    """The clusters of the backends that filters name, by the id of the filter."""

    @property
    def preflight(self) -> bool:
        """Whether it takes the preflights of requests that its match describes."""
        return isinstance(self.action, Preflight)

    @property
    def fallback(self) -> bool:
        """Whether it stands behind all others that rank as it does."""
        return isinstance(self.action, Preflight) and self.action.any

    @property
    def filters(self) -> Sequence[RouteFilter]:
        """The filters of the rule, then those of the only backend, which requests meet in this order."""
        return self.rule.filters if self.alone is None else (*self.rule.filters, *self.alone.filters)

    @property
    def extensions(self) -> Sequence[Extension]:
        """What the extensionRefs of its filters name."""
        return self.rule.extensions(self.filters) if self.rule.extended else ()

    @property
    def path(self) -> HTTPPathMatch | None:
        """The match of the path, where it is one of an HTTPRoute."""
        return cast("HTTPRouteMatch", self.match).path if self.rule.http is not None else None


@dataclass(eq=False, slots=True)
class VirtualHost:
    """The routes of a hostname in the order in which Envoy tries them; a ``misdirected`` one answers 421.

    With ``challenges``, those of ACME go to certbot before any route.
    """

    name: str
    domains: tuple[str, ...]
    routes: list[Route] = field(default_factory=list)
    misdirected: bool = False
    challenges: bool = False


@dataclass(eq=False, slots=True)
class Certificate:
    """A certificate that is presented: files on the host, or a Secret of the input. ``staple`` is an OCSP response."""

    name: str
    chain_file: str = ""
    key_file: str = ""
    secret: Secret | None = None
    lineage: str = ""
    hostnames: tuple[str, ...] = ()
    staple: bytes = b""


@dataclass(eq=False, slots=True)
class Chain:
    """One connection manager: the plain one of a port, or the one that a TLS server name chooses."""

    name: str
    nodes: tuple[ListenerNode, ...]
    server_name: str | None = None
    hosts: list[VirtualHost] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    client: Effective[ClientTrafficPolicySpec] | None = None

    @property
    def tls(self) -> bool:
        """Whether the chain terminates TLS."""
        return bool(self.certificates)


@dataclass(eq=False, slots=True)
class Tunnel:
    """Connections, or datagrams, that are passed on unread: all of a port, or those for some TLS server names.

    Without shares they are turned away. TLS ends here where there are certificates, else the backend has them.
    """

    name: str
    node: ListenerNode
    server_names: tuple[str, ...] = ()
    route: RouteNode | None = None
    shares: tuple[Share, ...] = ()
    certificates: list[Certificate] = field(default_factory=list)
    client: Effective[ClientTrafficPolicySpec] | None = None

    @property
    def tls(self) -> bool:
        """Whether it takes TLS alone, wherever that ends."""
        return self.node.spec.protocol == "TLS" and self.route is not None


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """Labels and annotations of what is made for a Gateway, in the order of their keys."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Listener:
    """A port on some addresses: HTTP by ``chains``, all else by ``tunnels``; a ``udp`` one has one tunnel alone.

    ``infrastructure`` is that of the Gateways that it serves, by namespace/name; not all of them have some.
    """

    name: str
    addresses: tuple[str, ...]
    port: int
    chains: list[Chain]
    tunnels: list[Tunnel] = field(default_factory=list)
    udp: bool = False
    infrastructure: Mapping[str, Infrastructure] = field(default_factory=dict)

    @property
    def tls(self) -> bool:
        """Whether its chains are chosen by TLS server name."""
        return any(chain.tls for chain in self.chains) or any(tunnel.tls for tunnel in self.tunnels)

    @property
    def clients(self) -> tuple[Effective[ClientTrafficPolicySpec], ...]:
        """The policies for the clients of its chains and tunnels."""
        found = [chain.client for chain in self.chains] + [tunnel.client for tunnel in self.tunnels]
        return tuple(client for client in found if client is not None)


@dataclass(eq=False, slots=True)
class Plan:
    """Everything that Envoy will serve."""

    listeners: list[Listener]
    clusters: list[Cluster]
    certificates: list[Certificate]
    credentials: list[Secret] = field(default_factory=list)
    """The Secrets whose credentials are sent to backends."""
    challenges: bool = False
    """Whether certbot answers http-01 through Envoy."""
    container: Infrastructure = field(default_factory=Infrastructure)
    """What the container has that Envoy runs in, if it does."""
