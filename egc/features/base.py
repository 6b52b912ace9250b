"""The interface of a feature: it turns a user's typed spec into Envoy messages."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from betterproto2 import Message

from egc.diagnostics import Sink
from egc.envoy import api as pb
from egc.plan.model import Chain, Cluster, Listener, Route, Tunnel
from egc.profile import Profile


@dataclass(frozen=True, slots=True)
class Context:
    """What a feature may need besides the node that it works on."""

    profile: Profile
    sink: Sink
    inline_secrets: bool = False


class Feature:
    """One feature of Envoy. Each hook gets a node of the plan and the message that it becomes."""

    def on_listener(self, listener: Listener, message: "pb.listener.Listener", ctx: Context) -> None:
        """Complete a listener."""

    def on_hcm(self, chain: Chain, message: "pb.hcm.HttpConnectionManager", ctx: Context) -> None:
        """Complete a connection manager."""

    def on_tcp_proxy(self, tunnel: Tunnel, message: "pb.tcp_proxy.TcpProxy", ctx: Context) -> None:
        """Complete what passes connections on."""

    def on_udp_proxy(self, tunnel: Tunnel, message: "pb.udp_proxy.UdpProxyConfig", ctx: Context) -> None:
        """Complete what passes datagrams on."""

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """Complete a route."""

    def on_cluster(self, cluster: Cluster, message: "pb.cluster.Cluster", ctx: Context) -> None:
        """Complete a cluster."""


@dataclass(frozen=True, slots=True)
class Use:
    """One route's use of a filter. An ``instance`` makes a filter of its own; without one, all routes share it."""

    config: Message
    instance: str = ""


@cache
def turned_on() -> Use:
    """The use of a filter that knows no settings of routes: it is off but for those that use it."""
    return Use(pb.route.FilterConfig(config=pb.protobuf.Any()))


class HttpFilter(Feature):
    """A feature that is an HTTP filter. It returns; the driver puts the chain together."""

    filter: ClassVar[str]

    def shared(self, chain: Chain, ctx: Context) -> Message:
        """The configuration of the filter that routes share; each route overrides it."""
        raise NotImplementedError

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...] | None:
        """How a route uses the filter; nothing when it does not.

        None when what it asks for cannot be done, which is reported: then the route answers 500.
        """
        raise NotImplementedError
