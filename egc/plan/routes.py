"""Rules times matches to routes, and what each of them does."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Attachment, RuleNode
from egc.plan import names
from egc.plan.clusters import Clusters, Traffic
from egc.plan.model import Action, Redirect, Respond, Route


def routes(attachments: Iterable[Attachment], host: str, policies: Policies, clusters: Clusters) -> Iterator[Route]:
    """Every route of some attachments for one host, oldest HTTPRoute first."""
    for attachment in attachments:
        listener = attachment.listener
        client = policies.client.on_listener(listener)
        for rule in attachment.parent.route.rules:
            if rule.dropped:
                continue
            traffic = policies.backend.on_rule(rule, listener)
            security = policies.security.on_rule(rule, listener)
            refused = any(found is not None and found.broken for found in (client, traffic, security))
            broken = refused or listener.gateway.broken
            action = _action(rule, traffic, clusters, broken=broken)
            for i, match in enumerate(rule.spec.matches):
                route = Route(
                    names.route(rule, i, host), host, match, rule, listener, action, client, traffic, security
                )
                if isinstance(action, Redirect) and "*" in host:
                    # Envoy keeps the Host header's port unless told another: such requests need a route of their own.
                    yield replace(route, name=f"{route.name}/with-port", with_port=True)
                yield route


def _action(rule: RuleNode, traffic: Traffic, clusters: Clusters, *, broken: bool) -> Action:
    """Nothing passes a rule that is at fault, or whose policy is."""
    if rule.broken or broken:
        return Respond(500)
    if any(found.type == "RequestRedirect" for found in rule.spec.filters):
        return Redirect()
    forward = clusters.forward(rule, traffic)
    if not forward.shares:
        return Respond(500)
    if all(share.cluster is None for share in forward.shares):
        return Respond(500)
    return forward
