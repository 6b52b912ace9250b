"""Timeouts: HTTPRoute ``timeouts``, ``BackendTrafficPolicy.spec.timeout`` and ``ClientTrafficPolicy.spec.timeout``."""

from datetime import timedelta
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Chain, Cluster, Listener, Route, Tunnel

if TYPE_CHECKING:
    from egc.gatewayapi.models.httproute import HTTPRouteRule

CONNECT = timedelta(seconds=10)
# Envoy's own default, written out so that a reader of the configuration sees it.
# https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts#route-timeouts
REQUEST = timedelta(seconds=15)
HOUR = timedelta(hours=1)
FOR_EVER = timedelta(0)


class Timeouts(Feature):
    """How long everything may take."""

    def on_listener(self, listener: Listener, message: "pb.listener.Listener", ctx: Context) -> None:
        """How long a client may take until its connection can be told to a filter chain: the shortest of all chains."""
        policies = [client.spec.timeout for client in listener.clients]
        limits = [policy.tcp.connection_inspection_timeout for policy in policies if policy and policy.tcp]
        given = [limit for limit in limits if limit]
        if given:
            message.listener_filters_timeout = min(given)
        elif FOR_EVER in limits:
            message.listener_filters_timeout = FOR_EVER

    def on_hcm(self, chain: Chain, message: "pb.hcm.HttpConnectionManager", ctx: Context) -> None:
        """What the policy says of clients."""
        timeout = chain.client.spec.timeout if chain.client else None
        http = timeout.http if timeout else None
        if http is None:
            return
        if http.request_received_timeout is not None:
            message.request_timeout = http.request_received_timeout
        if http.request_headers_received_timeout is not None:
            message.request_headers_timeout = http.request_headers_received_timeout
        if http.stream_idle_timeout is not None:
            message.stream_idle_timeout = http.stream_idle_timeout
        if http.idle_timeout is not None and message.common_http_protocol_options is not None:
            message.common_http_protocol_options.idle_timeout = http.idle_timeout

    def on_tcp_proxy(self, tunnel: Tunnel, message: "pb.tcp_proxy.TcpProxy", ctx: Context) -> None:
        """How long nothing need be sent."""
        timeout = tunnel.client.spec.timeout if tunnel.client else None
        if timeout and timeout.tcp and timeout.tcp.idle_timeout is not None:
            message.idle_timeout = timeout.tcp.idle_timeout

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """The rule's own timeouts win over the policy's."""
        action = message.route
        if action is None:
            return
        policy = route.traffic.spec.timeout if route.traffic else None
        http = policy.http if policy else None
        timeout = _of_rule(route.rule.http)
        if timeout is None and http is not None:
            timeout = http.request_timeout
        if timeout is None:
            # A stream of gRPC ends when client and server say so; a call brings its own deadline.
            action.timeout = REQUEST if route.rule.grpc is None else FOR_EVER
        else:
            action.timeout = timeout
        longest = http.max_stream_duration if http is not None else None
        if longest:
            # Envoy looks at no other timeout of a route that has this one, so it is the shorter of the two.
            # https://github.com/envoyproxy/envoy/blob/v1.39.0/source/common/router/router.cc (finalTimeout)
            action.max_stream_duration = pb.route.RouteActionMaxStreamDuration(
                max_stream_duration=min(longest, timeout) if timeout else longest
            )
        if http is not None and http.stream_idle_timeout is not None:
            action.idle_timeout = http.stream_idle_timeout
        elif timeout is not None and not _client_stream_idle(route):
            # A stream that may take long must not be cut for being silent meanwhile.
            action.idle_timeout = FOR_EVER if timeout == FOR_EVER else max(HOUR, timeout)

    def on_cluster(self, cluster: Cluster, message: "pb.cluster.Cluster", ctx: Context) -> None:
        """How long a connection to a backend may take to open."""
        timeout = cluster.traffic.spec.timeout if cluster.traffic else None
        tcp = timeout.tcp if timeout else None
        message.connect_timeout = tcp.connect_timeout if tcp and tcp.connect_timeout is not None else CONNECT


def _of_rule(rule: "HTTPRouteRule | None") -> timedelta | None:
    """The shorter limit of the whole request and of its only attempt; zero is none.

    Of several attempts, each has its own limit; so has their sum, be it only by their number.
    """
    timeouts = rule.timeouts if rule is not None else None
    if rule is None or timeouts is None:
        return None
    if rule.retry is not None and (timeouts.request is not None or timeouts.backend_request):
        return timeouts.request or FOR_EVER
    given = [t for t in (timeouts.request, timeouts.backend_request) if t is not None]
    return min((t for t in given if t), default=FOR_EVER) if given else None


def _client_stream_idle(route: Route) -> bool:
    """Whether the client's side has a limit of its own."""
    client = route.client
    timeout = client.spec.timeout if client else None
    return bool(timeout and timeout.http and timeout.http.stream_idle_timeout is not None)
