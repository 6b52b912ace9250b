"""Labels and annotations of Gateways, as metadata of the listeners that serve them.

``/config_dump`` shows it, and access logs can:
``%METADATA(LISTENER:gateway.networking.k8s.io/infrastructure:default/web:labels:team)%``.
"""

from collections.abc import Mapping

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Infrastructure, Listener

# Envoy Gateway's own "envoy-gateway" says other things of listeners, in a list that no access log can look into.
METADATA = "gateway.networking.k8s.io/infrastructure"


class InfrastructureMetadata(Feature):
    """Tell at each listener what its Gateways' ``spec.infrastructure`` says, by namespace/name."""

    def on_listener(self, listener: Listener, message: "pb.listener.Listener", ctx: Context) -> None:
        """Nothing without labels and annotations."""
        if listener.infrastructure:
            told = {name: _struct(_texts(said)) for name, said in listener.infrastructure.items()}
            message.metadata = pb.core.Metadata(filter_metadata={METADATA: pb.protobuf.Struct(fields=told)})


def _texts(said: Infrastructure) -> "dict[str, pb.protobuf.Value]":
    return {
        name: _struct({key: pb.protobuf.Value(string_value=text) for key, text in texts.items()})
        for name, texts in (("labels", said.labels), ("annotations", said.annotations))
        if texts
    }


def _struct(fields: "Mapping[str, pb.protobuf.Value]") -> "pb.protobuf.Value":
    return pb.protobuf.Value(struct_value=pb.protobuf.Struct(fields=dict(fields)))
