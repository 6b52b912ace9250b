"""Backends to clusters; equal ones are shared, however many rules use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from egc.envoygateway.policies import Effective
from egc.gatewayapi.graph import Backend, BackendNode, ListenerNode, RuleNode
from egc.gatewayapi.rules import protocols
from egc.plan import names, upstream
from egc.plan.certificates import CertificateStore
from egc.plan.model import Cluster, Forward, Locality, Protocol, Share

if TYPE_CHECKING:
    from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicySpec
    from egc.gatewayapi.models.shared import HTTPRequestMirrorFilter

Traffic = Union["Effective[BackendTrafficPolicySpec]", None]


class Clusters:
    """The clusters of a plan, made as routes ask for them."""

    def __init__(self, certificates: CertificateStore) -> None:
        self._certificates = certificates
        self._clusters: dict[tuple[int, str, Protocol | None], Cluster] = {}

    def forward(self, rule: RuleNode, traffic: Traffic, listener: ListenerNode) -> Forward:
        """The shares of a rule's backends for one of its listeners; those of weight 0 are left out."""
        tuned = traffic if traffic is not None and tunes_clusters(traffic.spec) else None
        taking = [node for node in rule.backends if node.weight]
        shares: list[Share] = []
        if rule.session is not None:
            joined = [node for node in taking if node.backend is not None and node.backend.endpoints]
            joined = [node for node in joined if not _refused(node, listener)]
            if len(joined) > 1:
                cluster: Cluster | None = self._joint(rule, joined, tuned, listener)
                shares.append(Share(joined[0], sum(node.weight for node in joined), cluster))
                taking = [node for node in taking if node not in joined]
        for node in taking:
            if node.backend is None:
                cluster = self._lost(node)
            elif _refused(node, listener):
                cluster = None
            else:
                cluster = self.of(node.backend, rule, tuned, listener)
            shares.append(Share(node, node.weight, cluster))
        return Forward(tuple(shares))

    def datagrams(self, name: str, nodes: Sequence[BackendNode]) -> Cluster:
        """One cluster for the backends of a UDPRoute, since Envoy knows no weights of clusters for datagrams."""
        backends = [node.backend for node in nodes if node.backend is not None]
        if len(backends) == 1:
            name = names.cluster(backends[0], "")
            cluster = Cluster(name, backends[0].endpoints, Protocol.HTTP1, udp=True)
            return self._clusters.setdefault((0, name, None), cluster)
        endpoints = tuple(endpoint for backend in backends for endpoint in backend.endpoints)
        localities = tuple(
            Locality(f"{name}/backend/{i}", node.weight, backend.endpoints)
            for i, (node, backend) in enumerate(zip(nodes, backends, strict=True))
        )
        cluster = Cluster(name, endpoints, Protocol.HTTP1, localities=localities, udp=True)
        return self._clusters.setdefault((0, name, None), cluster)

    def asked(self, rule: RuleNode, listener: ListenerNode) -> dict[int, Cluster]:
        """The clusters of the backends that a rule's filters name, by the id of the filter."""
        found: dict[int, Cluster] = {}
        if not rule.asked:
            return found
        for filter in (*rule.filters, *(each for node in rule.backends for each in node.filters)):
            node, mirror = rule.asked.get(id(filter)), filter.request_mirror
            auth = getattr(filter, "external_auth", None)
            if node is None or node.backend is None or (mirror is not None and _copies_nothing(mirror)):
                continue
            protocol = Protocol.HTTP2 if auth is not None and auth.protocol == "GRPC" else None
            found[id(filter)] = self.of(node.backend, rule, None, listener, protocol)
        return found

    def _lost(self, node: BackendNode) -> Cluster | None:
        """A backend that exists but listens nowhere answers 503; one that does not exist has no cluster: 500."""
        if node.fault is None or node.fault.status != 503:
            return None
        return self._nowhere()

    def _nowhere(self) -> Cluster:
        return self._clusters.setdefault((0, "", None), Cluster(names.NO_ENDPOINTS, (), Protocol.HTTP1))

    def of(
        self,
        backend: Backend,
        rule: RuleNode,
        traffic: Traffic,
        listener: ListenerNode,
        protocol: Protocol | None = None,
    ) -> Cluster:
        """The cluster of a backend, in the protocol that a rule speaks to it; without endpoints if it must not."""
        if upstream.refused(backend, listener):
            return self._nowhere()
        policy, protocol = traffic.name if traffic is not None else "", protocol or spoken(rule, backend)
        tls = upstream.tls(backend, listener, self._certificates)
        key = (id(backend), f"{policy} {tls.variant}", protocol)
        found = self._clusters.get(key)
        if found is None:
            grpc = protocol is not protocol_of(backend)
            name = names.cluster(backend, policy, grpc=grpc, variant=tls.variant)
            found = self._clusters[key] = Cluster(name, backend.endpoints, protocol, traffic)
            found.tls, found.identity = tls.checks, tls.identity
        return found

    def _joint(self, rule: RuleNode, nodes: list[BackendNode], traffic: Traffic, listener: ListenerNode) -> Cluster:
        """One cluster of all backends of a rule: a session stays at its endpoint only where the cluster is the same."""
        policy = traffic.name if traffic is not None else ""
        backends = [(node, node.backend) for node in nodes if node.backend is not None]
        tls = upstream.tls(backends[0][1], listener, self._certificates)  # all have the same
        key = (id(rule), f"{policy} {tls.variant}", None)
        found = self._clusters.get(key)
        if found is None:
            endpoints = tuple(endpoint for _, backend in backends for endpoint in backend.endpoints)
            name, protocol = names.joint_cluster(rule, policy, tls.variant), spoken(rule, backends[0][1])
            found = self._clusters[key] = Cluster(name, endpoints, protocol, traffic)
            found.tls, found.identity = tls.checks, tls.identity
            found.localities = tuple(
                Locality(names.cluster(backend, ""), node.weight, backend.endpoints) for node, backend in backends
            )
        return found

    def all(self) -> list[Cluster]:
        """Every cluster that was asked for, by name."""
        return sorted(self._clusters.values(), key=lambda cluster: cluster.name)


def _refused(node: BackendNode, listener: ListenerNode) -> bool:
    return node.backend is not None and upstream.refused(node.backend, listener)


def _copies_nothing(mirror: HTTPRequestMirrorFilter) -> bool:
    return mirror.percent == 0 or (mirror.fraction is not None and mirror.fraction.numerator == 0)


def tunes_clusters(spec: BackendTrafficPolicySpec) -> bool:
    """Whether a policy has settings that belong to a cluster, not to a route."""
    timeout = spec.timeout
    if timeout is None:
        return False
    http = timeout.http
    return timeout.tcp is not None or (
        http is not None and (http.connection_idle_timeout is not None or http.max_connection_duration is not None)
    )


def spoken(rule: RuleNode, backend: Backend) -> Protocol:
    """The protocol towards a backend: gRPC is HTTP/2, whatever else the backend may speak."""
    return Protocol.HTTP2 if rule.grpc is not None else protocol_of(backend)


def protocol_of(backend: Backend) -> Protocol:
    """The protocol that a backend's appProtocol asks for.

    https://gateway-api.sigs.k8s.io/geps/gep-1911/
    """
    if backend.protocol in protocols.HTTP2:
        return Protocol.HTTP2
    return Protocol.HTTP1_ONLY if backend.protocol in protocols.WEBSOCKET else Protocol.HTTP1
