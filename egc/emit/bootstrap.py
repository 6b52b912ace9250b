"""The bootstrap: everything that Envoy is told."""

from datetime import timedelta

from betterproto2 import Message

from egc.emit import acme, clusters, listeners, metrics, secrets
from egc.envoy import api as pb
from egc.features import Context
from egc.features.certificate_refs import watched
from egc.plan.model import Plan
from egc.profile import Profile

_NAME = "egc"
_REFRESH = timedelta(milliseconds=250)
_SHRINK_HEAP = 0.95
_STOP_ACCEPTING = 0.98


def emit(plan: Plan, ctx: Context) -> "pb.bootstrap.Bootstrap":
    """One complete static configuration."""
    profile = ctx.profile
    own = [metrics.listener(profile)] if profile.metrics.enabled else []
    static = pb.bootstrap.BootstrapStaticResources(
        listeners=[listeners.listener(listener, ctx) for listener in plan.listeners] + own,
        clusters=[clusters.cluster(cluster, ctx) for cluster in plan.clusters]
        + ([metrics.cluster(profile)] if own else [])
        + ([acme.cluster(profile.certificates.acme)] if plan.challenges and profile.certificates.acme else []),
        secrets=[
            secrets.secret(certificate, inline=ctx.inline_secrets)
            for certificate in plan.certificates
            if not watched(certificate, profile)
        ]
        + [secrets.credential(each, inline=ctx.inline_secrets) for each in plan.credentials],
    )
    return pb.bootstrap.Bootstrap(
        node=_node(plan, profile),
        admin=pb.bootstrap.Admin(address=metrics.admin_address(profile)),
        static_resources=static,
        layered_runtime=_runtime(),
        overload_manager=_overload(profile),
    )


def _node(plan: Plan, profile: Profile) -> "pb.core.Node | None":
    """A name for this Envoy, without which it reads no secrets from files."""
    if not any(watched(certificate, profile) for certificate in plan.certificates):
        return None
    return pb.core.Node(id=_NAME, cluster=_NAME)


def _runtime() -> "pb.bootstrap.LayeredRuntime":
    """Regular expressions of any size load, since RE2 runs in linear time; large ones are warned of in Envoy's log."""
    limits = {"re2.max_program_size.error_level": 4294967295, "re2.max_program_size.warn_level": 1000}
    fields = {name: pb.protobuf.Value(number_value=value) for name, value in limits.items()}
    layer = pb.bootstrap.RuntimeLayer(name=_NAME, static_layer=pb.protobuf.Struct(fields=fields))
    return pb.bootstrap.LayeredRuntime(layers=[layer])


def _overload(profile: Profile) -> "pb.overload.OverloadManager":
    """A limit on connections, and (where the memory is known) on the heap.

    https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
    """
    connections = pb.downstream_connections.DownstreamConnectionsConfig(
        max_active_downstream_connections=profile.envoy.connections
    )
    monitors = [_monitor("global_downstream_max_connections", connections)]
    actions = []
    if profile.envoy.memory is not None:
        heap = pb.fixed_heap.FixedHeapConfig(max_heap_size_bytes=profile.envoy.memory)
        monitors.append(_monitor("fixed_heap", heap))
        actions = [
            _action("shrink_heap", _SHRINK_HEAP),
            _action("stop_accepting_requests", _STOP_ACCEPTING),
        ]
    return pb.overload.OverloadManager(refresh_interval=_REFRESH, resource_monitors=monitors, actions=actions)


def _monitor(name: str, config: Message) -> "pb.overload.ResourceMonitor":
    return pb.overload.ResourceMonitor(name=f"envoy.resource_monitors.{name}", typed_config=pb.pack(config))


def _action(name: str, threshold: float) -> "pb.overload.OverloadAction":
    trigger = pb.overload.Trigger(
        name="envoy.resource_monitors.fixed_heap", threshold=pb.overload.ThresholdTrigger(value=threshold)
    )
    return pb.overload.OverloadAction(name=f"envoy.overload_actions.{name}", triggers=[trigger])
