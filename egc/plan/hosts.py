"""Hostnames to virtual hosts, each served by the one listener that it belongs to.

https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence
"""

from collections import defaultdict

from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Attachment, ListenerNode
from egc.gatewayapi.rules.hostnames import covers, specificity
from egc.gatewayapi.rules.precedence import rank
from egc.plan import names
from egc.plan.clusters import Clusters
from egc.plan.model import VirtualHost
from egc.plan.routes import routes


def virtual_hosts(
    served: list[ListenerNode], port: list[ListenerNode], policies: Policies, clusters: Clusters
) -> list[VirtualHost]:
    """The virtual hosts of some listeners among all those of their *port*, served or not."""
    found: dict[str, VirtualHost] = {}
    for listener in served:
        for domain, attachments in _by_host(listener, _more_specific(listener, port)).items():
            host = found[domain] = VirtualHost(names.virtual_host(listener.name, domain), (domain,))
            found_routes = routes(attachments, domain, policies, clusters)
            host.routes = sorted(found_routes, key=lambda r: (rank(r.match, len(r.cookies)), r.fallback))
    # A name that no route of its listener takes must not fall through to a wildcard of another.
    for listener in (*served, *(o for o in port if not o.programmed)):
        domain, others = listener.hostname, port if listener.programmed else served
        if domain not in found and any(covers(o.hostname, domain) for o in others if o is not listener):
            found[domain] = VirtualHost(names.virtual_host(listener.name, domain), (domain,))
    hosts = sorted(found.values(), key=lambda host: specificity(host.domains[0]))
    mine = set(served)
    elsewhere = sorted((o.hostname for o in port if o.programmed and o not in mine), key=specificity)
    if elsewhere:
        hosts.append(VirtualHost(names.misdirected(served[0].name), tuple(elsewhere), misdirected=True))
    return hosts


def _more_specific(listener: ListenerNode, port: list[ListenerNode]) -> list[ListenerNode]:
    """The other listeners of the port that take precedence for a part of this one's hostnames."""
    mine = listener.hostname
    return [o for o in port if o.hostname != mine and covers(mine, o.hostname)] if mine.startswith("*") else []


def _by_host(listener: ListenerNode, strangers: list[ListenerNode]) -> dict[str, list[Attachment]]:
    """The listener's attachments by hostname, without the names that belong to more specific listeners."""
    found: dict[str, list[Attachment]] = defaultdict(list)
    seen: set[tuple[str, int]] = set()
    for attachment in listener.attached:
        route = id(attachment.parent.route)
        for host in attachment.hostnames:
            # Two parentRefs of a route may lead to one listener.
            if (host, route) not in seen and not any(covers(stranger.hostname, host) for stranger in strangers):
                seen.add((host, route))
                found[host].append(attachment)
    return found
