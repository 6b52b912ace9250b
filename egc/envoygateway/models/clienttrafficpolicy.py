"""ClientTrafficPolicy."""

from typing import Annotated, Literal

from pydantic import Field

from egc.envoygateway.models.targets import PolicySpec
from egc.envoygateway.models.timeout import ClientTimeout
from egc.kube.markers import Opaque, Unsupported
from egc.kube.model import Model
from egc.kube.resource import Resource


class PathSettings(Model):
    """How paths are cleaned before anything looks at them."""

    escaped_slashes_action: (
        Literal["KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"] | None
    ) = None
    disable_merge_slashes: bool | None = None


class ClientTrafficPolicySpec(PolicySpec):
    """How listeners treat clients."""

    path: PathSettings | None = None
    timeout: ClientTimeout | None = None
    client_ip_detection: Annotated[Opaque, Unsupported()] = Field(default=None, alias="clientIPDetection")
    connection: Annotated[Opaque, Unsupported()] = None
    enable_proxy_protocol: Annotated[Opaque, Unsupported()] = None
    grpc: Annotated[Opaque, Unsupported()] = None
    headers: Annotated[Opaque, Unsupported()] = None
    health_check: Annotated[Opaque, Unsupported()] = None
    http1: Annotated[Opaque, Unsupported()] = None
    http2: Annotated[Opaque, Unsupported()] = None
    http3: Annotated[Opaque, Unsupported()] = None
    proxy_protocol: Annotated[Opaque, Unsupported()] = None
    scheme: Annotated[Opaque, Unsupported()] = None
    tcp_keepalive: Annotated[Opaque, Unsupported()] = None
    tls: Annotated[Opaque, Unsupported(protects=True)] = None


class ClientTrafficPolicy(Resource):
    """How Gateways and their listeners treat clients."""

    spec: ClientTrafficPolicySpec
