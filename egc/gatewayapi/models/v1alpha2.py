"""The v1alpha2 of routes, which allowed several rules: without matches, all of them share what comes."""

from pydantic import Field

from egc.gatewayapi.models import tcproute, tlsroute, udproute
from egc.kube.scalars import Hostname


class TCPRouteSpec(tcproute.TCPRouteSpec):
    """Where a route attaches, and its rules."""

    rules: list[tcproute.TCPRouteRule] = Field(min_length=1, max_length=16)


class TCPRoute(tcproute.TCPRoute):
    """Sends connections to backends."""

    spec: TCPRouteSpec


class UDPRouteSpec(udproute.UDPRouteSpec):
    """Where a route attaches, and its rules."""

    rules: list[udproute.UDPRouteRule] = Field(min_length=1, max_length=16)


class UDPRoute(udproute.UDPRoute):
    """Sends datagrams to backends."""

    spec: UDPRouteSpec


class TLSRouteSpec(tlsroute.TLSRouteSpec):
    """Where a route attaches, for which server names (all of the listener's when it says none), and its rules."""

    hostnames: list[Hostname] = Field(default_factory=list, max_length=1024)
    rules: list[tlsroute.TLSRouteRule] = Field(min_length=1, max_length=16)


class TLSRoute(tlsroute.TLSRoute):
    """Sends TLS connections to backends by the server name that clients ask for."""

    spec: TLSRouteSpec
