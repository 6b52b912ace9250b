"""What a cluster's API server would refuse beyond types and bounds: the rules that span several fields.

They are written as CEL expressions in the kinds' schemas (``x-kubernetes-validations``), and as lists whose entries
must differ (``x-kubernetes-list-type``). Every object is judged, whether or not anything attaches to it.
"""

from collections.abc import Callable
from typing import Any

from egc.diagnostics import Sink
from egc.gatewayapi.flaws import Flaws
from egc.gatewayapi.validity import gateways, routes, targets
from egc.kube.resources import Resources

_JUDGES: dict[str, Callable[[Any, Flaws], None]] = {
    "Gateway": gateways.gateway,
    "ListenerSet": gateways.listener_set,
    "HTTPRoute": routes.http,
    "GRPCRoute": routes.grpc,
    "TLSRoute": routes.tls,
    "TCPRoute": routes.plain,
    "UDPRoute": routes.plain,
    "BackendTLSPolicy": targets.policy,
}


def check(resources: Resources, sink: Sink) -> Flaws:
    """Report every rule that a sound object of the Gateway API breaks."""
    flaws = Flaws(sink)
    for kind, judge in _JUDGES.items():
        for resource in resources.by_kind.get(kind, ()):
            judge(resource, flaws)
    return flaws
