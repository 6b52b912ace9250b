"""Backends to clusters; equal ones are shared, however many rules use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from egc.envoygateway.policies import Effective
from egc.gatewayapi.graph import Backend, BackendNode, RuleNode
from egc.plan import names
from egc.plan.model import Cluster, Forward, Protocol, Share

if TYPE_CHECKING:
    from egc.envoygateway.models.backendtrafficpolicy import BackendTrafficPolicySpec

_HTTP2 = frozenset({"kubernetes.io/h2c", "gateway.envoyproxy.io/h2c", "grpc"})
_HTTP1_ONLY = frozenset(
    {"kubernetes.io/ws", "kubernetes.io/wss", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"}
)
Traffic = Union["Effective[BackendTrafficPolicySpec]", None]


class Clusters:
    """The clusters of a plan, made as routes ask for them."""

    def __init__(self) -> None:
        self._clusters: dict[tuple[int, str], Cluster] = {}

    def forward(self, rule: RuleNode, traffic: Traffic) -> Forward:
        """The shares of a rule's backends; those of weight 0 are left out."""
        tuned = traffic if traffic is not None and tunes_clusters(traffic.spec) else None
        return Forward(
            tuple(
                Share(node, node.weight, self._of(node.backend, tuned) if node.backend else self._lost(node))
                for node in rule.backends
                if node.weight
            )
        )

    def _lost(self, node: BackendNode) -> Cluster | None:
        """A backend that exists but listens nowhere answers 503; one that does not exist has no cluster: 500."""
        if node.fault is None or node.fault.status != 503:
            return None
        return self._clusters.setdefault((0, ""), Cluster(names.NO_ENDPOINTS, (), Protocol.HTTP1))

    def _of(self, backend: Backend, traffic: Traffic) -> Cluster:
        policy = traffic.name if traffic is not None else ""
        key = (id(backend), policy)
        found = self._clusters.get(key)
        if found is None:
            protocol = protocol_of(backend)
            found = self._clusters[key] = Cluster(names.cluster(backend, policy), backend.endpoints, protocol, traffic)
        return found

    def all(self) -> list[Cluster]:
        """Every cluster that was asked for, by name."""
        return sorted(self._clusters.values(), key=lambda cluster: cluster.name)


def tunes_clusters(spec: BackendTrafficPolicySpec) -> bool:
    """Whether a policy has settings that belong to a cluster, not to a route."""
    timeout = spec.timeout
    if timeout is None:
        return False
    http = timeout.http
    return timeout.tcp is not None or (
        http is not None and (http.connection_idle_timeout is not None or http.max_connection_duration is not None)
    )


def protocol_of(backend: Backend) -> Protocol:
    """The protocol that a backend's appProtocol asks for.

    https://gateway-api.sigs.k8s.io/geps/gep-1911/
    """
    if backend.protocol in _HTTP2:
        return Protocol.HTTP2
    return Protocol.HTTP1_ONLY if backend.protocol in _HTTP1_ONLY else Protocol.HTTP1
