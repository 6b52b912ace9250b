"""BackendTrafficPolicy."""

from typing import Annotated

from egc.envoygateway.models.ratelimit import RateLimitSpec
from egc.envoygateway.models.targets import PolicySpec
from egc.envoygateway.models.timeout import Timeout
from egc.kube.markers import Opaque, Unsupported
from egc.kube.resource import Resource


class BackendTrafficPolicySpec(PolicySpec):
    """How routes treat their backends. ``merge_type`` joins the policy with that of the parent."""

    merge_type: str | None = None
    rate_limit: RateLimitSpec | None = None
    timeout: Timeout | None = None
    admission_control: Annotated[Opaque, Unsupported()] = None
    bandwidth_limit: Annotated[Opaque, Unsupported()] = None
    circuit_breaker: Annotated[Opaque, Unsupported()] = None
    compression: Annotated[Opaque, Unsupported()] = None
    compressor: Annotated[Opaque, Unsupported()] = None
    connection: Annotated[Opaque, Unsupported()] = None
    dns: Annotated[Opaque, Unsupported()] = None
    fault_injection: Annotated[Opaque, Unsupported()] = None
    health_check: Annotated[Opaque, Unsupported()] = None
    http2: Annotated[Opaque, Unsupported()] = None
    http_upgrade: Annotated[Opaque, Unsupported()] = None
    load_balancer: Annotated[Opaque, Unsupported()] = None
    proxy_protocol: Annotated[Opaque, Unsupported()] = None
    request_buffer: Annotated[Opaque, Unsupported()] = None
    response_override: Annotated[Opaque, Unsupported()] = None
    retry: Annotated[Opaque, Unsupported()] = None
    routing_type: Annotated[Opaque, Unsupported()] = None
    tcp_keepalive: Annotated[Opaque, Unsupported()] = None
    telemetry: Annotated[Opaque, Unsupported()] = None
    use_client_protocol: Annotated[Opaque, Unsupported()] = None


class BackendTrafficPolicy(Resource):
    """How Gateways and routes treat their backends."""

    spec: BackendTrafficPolicySpec
