"""The walk through each kind of route: what is not set costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.gatewayapi.validity import backends, filters, hostnames, matches, parents, retries, rules, sessions

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.grpcroute import GRPCRoute, GRPCRouteRule
    from egc.gatewayapi.models.httproute import HTTPRoute, HTTPRouteRule
    from egc.gatewayapi.models.tcproute import TCPRoute
    from egc.gatewayapi.models.tlsroute import TLSRoute
    from egc.gatewayapi.models.udproute import UDPRoute


def http(route: HTTPRoute, flaws: Flaws) -> None:
    """Judge an HTTPRoute."""
    spec = route.spec
    if len(spec.parent_refs) > 1:
        parents.judge(spec.parent_refs, flaws)
    if len(spec.rules) > 1:
        rules.judge(spec.rules, flaws)
        rules.count(spec.rules, flaws)
    for rule in spec.rules:
        for match in rule.matches:
            matches.path(match.path, flaws)
            if match.headers or match.query_params:
                matches.names(match.headers, match.query_params, flaws)
        if rule.timeouts is not None:
            retries.timeouts(rule.timeouts, flaws)
        if rule.retry is not None:
            retries.codes(rule.retry, flaws)
        _proxied(rule, flaws)


def grpc(route: GRPCRoute, flaws: Flaws) -> None:
    """Judge a GRPCRoute."""
    spec = route.spec
    if len(spec.parent_refs) > 1:
        parents.judge(spec.parent_refs, flaws)
    if len(spec.rules) > 1:
        rules.judge(spec.rules, flaws)
        rules.count(spec.rules, flaws)
    for rule in spec.rules:
        for match in rule.matches:
            if match.method is not None:
                matches.method(match.method, flaws)
            if match.headers:
                matches.names(match.headers, (), flaws)
        _proxied(rule, flaws)


def _proxied(rule: HTTPRouteRule | GRPCRouteRule, flaws: Flaws) -> None:
    """What both kinds do with what they matched."""
    if rule.filters:
        filters.judge(rule, flaws)
    for ref in rule.backend_refs:
        if ref.port is None:
            backends.port(ref, flaws)
        if ref.filters:
            filters.on_backend(ref, rule, flaws)
    if rule.session_persistence is not None:
        sessions.judge(rule.session_persistence, flaws)


def tls(route: TLSRoute, flaws: Flaws) -> None:
    """Judge a TLSRoute."""
    hostnames.judge(route, flaws)
    plain(route, flaws)


def plain(route: TLSRoute | TCPRoute | UDPRoute, flaws: Flaws) -> None:
    """Judge a route of connections or datagrams."""
    spec = route.spec
    if len(spec.parent_refs) > 1:
        parents.judge(spec.parent_refs, flaws)
    if len(spec.rules) > 1:
        rules.judge(spec.rules, flaws)
    for rule in spec.rules:
        for ref in rule.backend_refs:
            if ref.port is None:
                backends.port(ref, flaws)
