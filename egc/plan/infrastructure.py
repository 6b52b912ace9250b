"""Labels and annotations of what is made for a Gateway: Envoy's listeners, and the container that Envoy runs in.

https://gateway-api.sigs.k8s.io/geps/gep-1762/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import GatewayNode, Graph, ListenerNode
from egc.plan.model import Infrastructure

if TYPE_CHECKING:
    from egc.gatewayapi.models.gateway import GatewayInfrastructure

NOT_ON_CONTAINER = Rule(
    code="EGC2090",
    severity=Severity.WARNING,
    title="label or annotation that the container does not get",
    explanation="""
        With `target: compose`, one container serves all Gateways and has the labels and annotations of all of them.
        Where two Gateways give one key different values, the container has neither. Labels that begin with
        `com.docker.compose.` are Compose's own; it does not take them from anybody else. Annotations such as
        `run.oci.keep_original_groups` or `org.systemd.property.TasksMax` are orders to the container's runtime, which
        would follow them; and those with the character 0 are in no command line.

        Each Gateway's own values are in Envoy's configuration all the same, at the listeners that serve it.
        """,
    help="give the key one value in all Gateways, or another name",
)
WELL_KNOWN_LABEL = Rule(
    code="EGC2091",
    severity=Severity.WARNING,
    title="label that tells the name of another Gateway or class",
    explanation="""
        What is made for a Gateway has the labels `gateway.networking.k8s.io/gateway-name` and `gateway-class-name`.
        They tell the Gateway's own name and that of its class, and no other value replaces them.
        """,
    help="remove the label, or give it another name",
)

_GATEWAY = "gateway.networking.k8s.io/gateway-name"
_CLASS = "gateway.networking.k8s.io/gateway-class-name"
_OF_COMPOSE = ("com.docker.compose.",)
# https://github.com/opencontainers/runc/blob/main/docs/systemd.md#auxiliary-properties, .../docs/checkpoint-restore.md,
# https://github.com/containers/crun/blob/main/crun.1.md#extensions-to-oci; podman and Kata Containers have their own.
_OF_RUNTIMES = ("io.katacontainers.", "io.podman.", "org.criu.", "org.systemd.property.", "run.oci.")

_Found = dict[GatewayNode, Infrastructure]
_Wanted = dict[str, dict[str, "GatewayInfrastructure"]]


def of_gateways(graph: Graph, sink: Sink) -> _Found:
    """What is said of each Gateway; nothing of one that asks for neither labels nor annotations."""
    found = {}
    for gateway in graph.gateways:
        asked = _asked(gateway, graph)
        if asked is None:
            continue
        own = _own(gateway)
        for key in sorted(own.keys() & asked.labels.keys()):
            if asked.labels[key] != own[key]:
                message = f'label "{key}" is "{own[key]}", not "{asked.labels[key]}"'
                sink.report(WELL_KNOWN_LABEL, asked.at("labels", key).key, message)
        labels = dict(sorted({**asked.labels, **own}.items()))
        found[gateway] = Infrastructure(labels, dict(sorted(asked.annotations.items())))
    return found


def of_listener(nodes: Iterable[ListenerNode], found: _Found) -> dict[str, Infrastructure]:
    """What is said of the Gateways of listeners that share one of Envoy's, by namespace/name."""
    gateways = sorted({node.gateway for node in nodes}, key=_name)
    return {"/".join(_name(gateway)): found[gateway] for gateway in gateways if gateway in found}


def of_container(gateways: Iterable[GatewayNode], graph: Graph, sink: Sink) -> Infrastructure:
    """What all those Gateways agree on; the labels that tell their names are no matter of agreement."""
    served = sorted(gateways, key=_name)
    found = [asked for gateway in served if (asked := _asked(gateway, graph)) is not None]
    if not found:
        return Infrastructure()
    labels: _Wanted = defaultdict(dict)
    annotations: _Wanted = defaultdict(dict)
    for asked in found:
        for key in asked.labels.keys() - {_GATEWAY, _CLASS}:
            labels[key].setdefault(asked.labels[key], asked)
        for key, value in asked.annotations.items():
            annotations[key].setdefault(value, asked)
    _leave_out("labels", labels, _OF_COMPOSE, "Compose itself", sink)
    _leave_out("annotations", annotations, _OF_RUNTIMES, "the container's runtime", sink)
    names = set.intersection(*({*_own(gateway).items()} for gateway in served))
    agreed = {**_agreed("labels", labels, sink), **dict(names)}
    return Infrastructure(dict(sorted(agreed.items())), _agreed("annotations", annotations, sink))


def _leave_out(field: str, wanted: _Wanted, reserved: tuple[str, ...], whose: str, sink: Sink) -> None:
    """Drop the keys that mean something to what runs the container, and what no command line can hold."""
    for key in sorted(wanted):
        what, values = f'{field.removesuffix("s")} "{key}"', wanted[key]
        at = next(iter(values.values())).at(field, key).key
        if key.startswith(reserved):
            sink.report(NOT_ON_CONTAINER, at, f"{what} is for {whose}", help="give it another name")
        elif any("\0" in value for value in values):
            sink.report(NOT_ON_CONTAINER, at, f"{what} has the character 0 in its value", help="remove it")
        else:
            continue
        del wanted[key]


def _asked(gateway: GatewayNode, graph: Graph) -> GatewayInfrastructure | None:
    """What a Gateway says of it; of keys that no API server takes, nothing is used."""
    asked = gateway.resource.spec.infrastructure
    if asked is None or not (asked.labels or asked.annotations) or graph.flaws.of(asked):
        return None
    return asked


def _own(gateway: GatewayNode) -> dict[str, str]:
    return {_GATEWAY: gateway.resource.name, _CLASS: gateway.resource.spec.gateway_class_name}


def _name(gateway: GatewayNode) -> tuple[str, str]:
    return gateway.resource.namespace, gateway.resource.name


def _agreed(field: str, wanted: _Wanted, sink: Sink) -> Mapping[str, str]:
    """The keys that have one value; of the others it is told."""
    for key, values in sorted(wanted.items()):
        if len(values) > 1:
            (_, first), (_, other) = list(values.items())[:2]
            message = f'Gateways give {field.removesuffix("s")} "{key}" {len(values)} different values'
            related = [(first.at(field, key).key, "another one is here")]
            sink.report(NOT_ON_CONTAINER, other.at(field, key).key, message, related=related)
    return {key: next(iter(values)) for key, values in sorted(wanted.items()) if len(values) == 1}
