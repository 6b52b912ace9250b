"""Graph and policies to Plan: listeners by port, chains by server name."""

from collections import defaultdict

from egc.diagnostics import Sink
from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Graph, ListenerNode
from egc.gatewayapi.rules.hostnames import specificity
from egc.plan import acme, shadows
from egc.plan.certificates import CertificateStore
from egc.plan.clusters import Clusters
from egc.plan.hosts import virtual_hosts
from egc.plan.model import Chain, Listener, Plan
from egc.profile import Profile


def lower(graph: Graph, policies: Policies, profile: Profile, sink: Sink) -> Plan:
    """Envoy's structure for everything in the graph that can be served."""
    clusters, certificates = Clusters(), CertificateStore(profile)
    ports: dict[tuple[tuple[str, ...], int], list[ListenerNode]] = defaultdict(list)
    for node in graph.listeners():
        if node.programmed:
            ports[node.gateway.addresses, node.spec.port].append(node)
    listeners: list[Listener] = []
    for (addresses, port), nodes in sorted(ports.items(), key=lambda item: (item[0][1], item[0][0])):
        if nodes[0].spec.protocol == "HTTP":
            chains = [_plain(nodes, policies, clusters)]
        else:
            ordered = sorted(nodes, key=lambda node: specificity(node.hostname))
            chains = [_secure(node, nodes, policies, clusters, certificates) for node in ordered]
        listeners.append(Listener(nodes[0].name, addresses, port, chains))
    plan = Plan(listeners, clusters.all(), certificates.all())
    shadows.report(plan, sink)
    acme.challenge(plan, profile, sink)
    return plan


def _plain(nodes: list[ListenerNode], policies: Policies, clusters: Clusters) -> Chain:
    """All listeners of a plain port share one connection manager; the Host header tells them apart."""
    client = next((found for node in nodes if (found := policies.client.on_listener(node)) is not None), None)
    return Chain(nodes[0].name, tuple(nodes), hosts=virtual_hosts(nodes, nodes, policies, clusters), client=client)


def _secure(
    node: ListenerNode, port: list[ListenerNode], policies: Policies, clusters: Clusters, certificates: CertificateStore
) -> Chain:
    """Each TLS listener has a connection manager of its own, chosen by server name."""
    return Chain(
        node.name,
        (node,),
        server_name=None if node.hostname == "*" else node.hostname.lower(),
        hosts=virtual_hosts([node], port, policies, clusters),
        certificates=certificates.of(node),
        client=policies.client.on_listener(node),
    )
