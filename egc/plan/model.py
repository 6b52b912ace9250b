"""What will listen, what will be routed where: the shape of an Envoy configuration, without its messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from egc.envoygateway.policies import Effective
from egc.gatewayapi.graph import BackendNode, Endpoint, ListenerNode, RuleNode
from egc.gatewayapi.models.httproute import HTTPRouteMatch

if TYPE_CHECKING:
    from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicySpec
    from egc.envoygateway.models.clienttrafficpolicy import ClientTrafficPolicySpec
    from egc.envoygateway.models.securitypolicy import SecurityPolicySpec
    from egc.kube.core import Secret


class Protocol(Enum):
    """How Envoy speaks to a cluster."""

    HTTP1 = "HTTP"
    HTTP2 = "HTTP2"
    HTTP1_ONLY = "HTTP1"


@dataclass(eq=False, slots=True)
class Cluster:
    """Endpoints that Envoy may choose among, with the settings for talking to them."""

    name: str
    endpoints: tuple[Endpoint, ...]
    protocol: Protocol
    traffic: Effective[BackendTrafficPolicySpec] | None = None


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


Action = Forward | Redirect | Respond


@dataclass(eq=False, slots=True)
class Route:
    """One match of one rule, for one host; ``with_port`` takes only requests whose Host header has a port."""

    name: str
    host: str
    match: HTTPRouteMatch
    rule: RuleNode
    listener: ListenerNode
    action: Action
    client: Effective[ClientTrafficPolicySpec] | None
    traffic: Effective[BackendTrafficPolicySpec] | None
    security: Effective[SecurityPolicySpec] | None
    with_port: bool = False


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
    """A certificate that a chain presents: files on the host, or a Secret of the input."""

    name: str
    chain_file: str = ""
    key_file: str = ""
    secret: Secret | None = None
    lineage: str = ""
    hostnames: tuple[str, ...] = ()


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
class Listener:
    """A port on some addresses."""

    name: str
    addresses: tuple[str, ...]
    port: int
    chains: list[Chain]

    @property
    def tls(self) -> bool:
        """Whether its chains are chosen by TLS server name."""
        return self.chains[0].tls


@dataclass(eq=False, slots=True)
class Plan:
    """Everything that Envoy will serve."""

    listeners: list[Listener]
    clusters: list[Cluster]
    certificates: list[Certificate]
    challenges: bool = False
    """Whether certbot answers http-01 through Envoy."""
