"""Graph and policies to Plan: listeners by port and transport, chains and tunnels by server name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias, cast

from egc.diagnostics import Sink
from egc.envoygateway.policies import Policies
from egc.gatewayapi.graph import Extension, Graph, ListenerNode
from egc.gatewayapi.rules.hostnames import specificity
from egc.plan import acme, infrastructure, l4, shadows
from egc.plan.certificates import CertificateStore
from egc.plan.clusters import Clusters
from egc.plan.hosts import virtual_hosts
from egc.plan.l4 import Ground
from egc.plan.model import Chain, Listener, Plan
from egc.profile import Profile

if TYPE_CHECKING:
    from egc.kube.core import Secret

_Port: TypeAlias = tuple[int, tuple[str, ...], bool]


def lower(graph: Graph, policies: Policies, profile: Profile, sink: Sink) -> Plan:
    """Envoy's structure for everything in the graph that can be served."""
    certificates = CertificateStore(profile)
    clusters = Clusters(certificates)
    ground = Ground(policies, clusters, certificates, profile, sink)
    ports: dict[_Port, list[ListenerNode]] = defaultdict(list)
    down: dict[_Port, list[ListenerNode]] = defaultdict(list)
    for node in graph.listeners():
        (ports if node.programmed else down)[_port(node)].append(node)
    asked = infrastructure.of_gateways(graph, sink)
    listeners: list[Listener] = []
    for (port, addresses, udp), nodes in sorted(ports.items()):
        listener = Listener(nodes[0].name, addresses, port, [], udp=udp)
        listener.infrastructure = infrastructure.of_listener(nodes, asked)
        everyone = [*nodes, *_keeping_names(down[port, addresses, udp], nodes)]
        if udp:
            listener.tunnels = [l4.datagrams(nodes[0], ground)]
        elif nodes[0].spec.protocol == "HTTP":
            listener.chains = [_plain(nodes, everyone, policies, clusters)]
        else:
            secure = sorted((n for n in nodes if n.spec.protocol == "HTTPS"), key=lambda n: specificity(n.hostname))
            listener.chains = [_secure(node, everyone, policies, clusters, certificates) for node in secure]
            listener.tunnels = l4.tunnels(everyone, ground)
        listeners.append(listener)
    plan = Plan(listeners, clusters.all(), certificates.all(), _credentials(graph))
    if profile.target == "compose":
        served = {node.gateway for nodes in ports.values() for node in nodes}
        plan.container = infrastructure.of_container(served, graph, sink)
    shadows.report(plan, sink)
    l4.check_idle_timeouts(policies, sink)
    acme.challenge(plan, profile, sink)
    return plan


def _port(node: ListenerNode) -> _Port:
    return node.spec.port, node.gateway.addresses, node.spec.protocol == "UDP"


def _keeping_names(down: list[ListenerNode], served: list[ListenerNode]) -> list[ListenerNode]:
    """The listeners at fault that keep their names from wider listeners of the port, which may be less protected."""
    taken, protocol = {node.hostname for node in served}, served[0].spec.protocol
    alike = ("HTTPS", "TLS") if protocol in ("HTTPS", "TLS") else ("HTTP",) if protocol == "HTTP" else ()
    kept: dict[str, ListenerNode] = {}
    for node in down:
        lost = node.gateway.unbound or node.gateway.conditions.denied("Accepted")
        if node.hostname not in taken and node.spec.protocol in alike and not lost:
            kept.setdefault(node.hostname, node)
    return list(kept.values())


def _plain(nodes: list[ListenerNode], port: list[ListenerNode], policies: Policies, clusters: Clusters) -> Chain:
    """All listeners of a plain port share one connection manager; the Host header tells them apart."""
    client = next((found for node in nodes if (found := policies.client.on_listener(node)) is not None), None)
    return Chain(nodes[0].name, tuple(nodes), hosts=virtual_hosts(nodes, port, policies, clusters), client=client)


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


def _credentials(graph: Graph) -> list[Secret]:
    """The Secrets that the extensions of some rule inject, by name."""
    found = (each for route in graph.routes for rule in route.rules for each in rule.extended.values())
    sources = [source for each in found if isinstance(each, Extension) for source in each.sources]
    secrets = {(each.namespace, each.name): cast("Secret", each) for each in sources if each.kind == "Secret"}
    return [secrets[key] for key in sorted(secrets)]
