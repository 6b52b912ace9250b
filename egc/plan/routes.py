"""Rules times matches to routes, and what each of them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Attachment, BackendNode, ListenerNode, RuleNode
from egc.plan import names
from egc.plan.clusters import Clusters, Traffic
from egc.plan.model import MILLION, Action, Answer, Forward, Preflight, Redirect, Respond, Route, Share

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import CookieMatch, ExtendedMatch, HTTPRouteFilter
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch
    from egc.gatewayapi.models.httproute import HTTPRouteMatch

# Filters that Envoy knows for a share of a route's traffic, too.
_ON_SHARES = frozenset({"RequestHeaderModifier", "ResponseHeaderModifier"})
UNAVAILABLE = 503  # gRPC clients are told UNAVAILABLE for it


def routes(attachments: Iterable[Attachment], host: str, policies: Policies, clusters: Clusters) -> Iterator[Route]:
    """Every route of some attachments for one host, oldest route first."""
    for attachment in attachments:
        listener = attachment.listener
        client = policies.client.on_listener(listener)
        for rule in attachment.parent.route.rules:
            traffic = policies.backend.on_rule(rule, listener)
            security = policies.security.on_rule(rule, listener)
            refused = any(found is not None and found.broken for found in (client, traffic, security))
            broken = refused or listener.gateway.broken or listener.owner.broken
            asked = {} if broken or rule.broken else clusters.asked(rule, listener)
            for part in _parts(rule, _action(rule, traffic, clusters, listener, broken=broken)):
                for i, match, cookies in _matches(rule):
                    if id(match) in rule.lost:
                        continue
                    route = Route(
                        names.route(rule, i, host), host, match, rule, listener, part.action, client, traffic, security
                    )
                    if part.alone is not None:
                        route.name, route.alone = f"{route.name}{part.suffix}", part.alone
                        route.above, route.below = part.above, part.below
                    route.cookies, route.asked = cookies, asked
                    yield from _with_others(route)


class _Part(NamedTuple):
    """A part of a rule's traffic: all of it, or the share of one backend."""

    action: Action
    alone: BackendNode | None = None
    above: int = 0
    below: int = 0
    suffix: str = ""


def _parts(rule: RuleNode, action: Action) -> Iterator[_Part]:
    """The whole rule, or each of its backends where one has filters that Envoy knows for whole routes alone.

    Envoy compares one random number of the request with the fractions of all routes, so they add up.
    https://github.com/envoyproxy/envoy/blob/v1.40.0/source/common/router/config_impl.cc (matchRoute)
    """
    shares = action.shares if isinstance(action, Forward) else ()
    if all(found.type in _ON_SHARES for share in shares for found in share.node.filters):
        yield _Part(action)
        return
    total, before, above, below = sum(share.weight for share in shares), 0, 0, 0
    for i, share in enumerate(shares):
        last, before, above = i == len(shares) - 1, before + share.weight, below
        below = max(below + 1, round(before * MILLION / total))
        suffix = f"/backend/{i}" if len(shares) > 1 else ""
        yield _Part(_action_of(rule, share), share.node, above, 0 if last else below, suffix)


def _action_of(rule: RuleNode, share: Share) -> Action:
    """What becomes of one share, which may have filters that answer."""
    if share.cluster is None:
        return Respond(lost_status(rule))
    if any(found.type == "RequestRedirect" for found in share.node.filters):
        return Redirect()
    answers = any(found.answers for found in rule.extensions(share.node.filters))
    return Answer() if answers else Forward((share,))


def _with_others(route: Route) -> Iterator[Route]:
    """A route, and those that it brings along."""
    if isinstance(route.action, Redirect) and "*" in route.host:
        # Envoy keeps the Host header's port unless told another: such requests need a route of their own.
        yield replace(route, name=f"{route.name}/with-port", with_port=True)
    yield route
    method = getattr(route.match, "method", None) if route.rule.http is not None else None
    if method in (None, "OPTIONS") or route.below or (isinstance(route.action, Respond) and route.alone is None):
        return
    policy = route.security.spec.cors if route.security is not None else None
    if policy is not None or any(getattr(found, "cors", None) is not None for found in route.filters):
        # A preflight comes with another method than the one that it asks for. Where no rule has that one, any answers.
        yield replace(route, name=f"{route.name}/cors-preflight/{method}", action=Preflight())
        yield replace(route, name=f"{route.name}/cors-preflight", action=Preflight(any=True))


def _matches(rule: RuleNode) -> Iterator[tuple[int, HTTPRouteMatch | GRPCRouteMatch, Sequence[CookieMatch]]]:
    """The matches of a rule with their index, joined with each that an extension of the rule brings."""
    extended: list[ExtendedMatch] = []
    for found in rule.extensions(rule.filters):
        extended += cast("HTTPRouteFilter", found.resource).spec.matches
    for i, match in _own_matches(rule):
        if not extended:
            yield i, match, ()
        for j, more in enumerate(extended):
            yield max(i, 0) * len(extended) + j, match, more.cookies


def _own_matches(rule: RuleNode) -> Iterable[tuple[int, HTTPRouteMatch | GRPCRouteMatch]]:
    """The matches of a rule with their index; a GRPCRoute's rule without any takes every call."""
    if (http := rule.http) is not None:
        return enumerate(http.matches)
    if (grpc := rule.grpc) is not None and grpc.matches:
        return enumerate(grpc.matches)
    from egc.gatewayapi.models.grpcroute import GRPCRouteMatch  # noqa: PLC0415 - a site imports the kinds that it has

    return ((-1, GRPCRouteMatch()),)


def _action(rule: RuleNode, traffic: Traffic, clusters: Clusters, listener: ListenerNode, *, broken: bool) -> Action:
    """Nothing passes a rule that is at fault, or whose policy is."""
    if rule.broken or broken:
        return Respond(500)
    if any(found.type == "RequestRedirect" for found in rule.filters):
        return Redirect()
    if rule.answers:
        return Answer()
    forward = clusters.forward(rule, traffic, listener)
    if all(share.cluster is None for share in forward.shares):
        return Respond(lost_status(rule))
    return forward


def lost_status(rule: RuleNode) -> int:
    """The answer where a backend leads nowhere: the specification wants 500, and for gRPC UNAVAILABLE.

    https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule
    """
    return UNAVAILABLE if rule.grpc is not None else 500
