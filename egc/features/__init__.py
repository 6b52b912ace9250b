"""Every feature, in the order of Envoy's HTTP filters: a request meets them from top to bottom."""

from egc.features.access_log import AccessLog
from egc.features.backend_tls import BackendTls
from egc.features.base import Context, Feature, HttpFilter, Use
from egc.features.cors import Cors
from egc.features.credential_injection import CredentialInjection
from egc.features.direct_response import DirectResponse
from egc.features.edge import Edge
from egc.features.external_auth import ExternalAuth, ForgedHeaders
from egc.features.grpc_stats import GrpcStats
from egc.features.grpc_web import GrpcWeb
from egc.features.headers import HeaderModifiers
from egc.features.http_protocol import HttpProtocol
from egc.features.infrastructure import InfrastructureMetadata
from egc.features.local_ratelimit import LocalRateLimit
from egc.features.mirror import RequestMirror
from egc.features.path_normalization import PathNormalization
from egc.features.redirect import RequestRedirect
from egc.features.retry import Retry
from egc.features.rewrite import UrlRewrite
from egc.features.session_persistence import SessionPersistence
from egc.features.timeouts import Timeouts
from egc.features.websocket import WebSocket

__all__ = ["FEATURES", "Context", "Feature", "HttpFilter", "Use"]

FEATURES: tuple[Feature, ...] = (
    # Defaults first, so that what a policy says comes after them.
    Edge(),
    AccessLog(),
    InfrastructureMetadata(),
    PathNormalization(),
    Timeouts(),
    HttpProtocol(),
    BackendTls(),
    WebSocket(),
    HeaderModifiers(),
    RequestRedirect(),
    UrlRewrite(),
    RequestMirror(),
    Retry(),
    DirectResponse(),
    # HTTP filters. A preflight carries no credentials and is answered before anybody asks for some.
    Cors(),
    # An authorizer is told what the client says of itself; what only the authorizer may say is removed before.
    ForgedHeaders(),
    ExternalAuth(),
    SessionPersistence(),
    # Counts only what got this far: a request that was refused above costs no token.
    LocalRateLimit(),
    # Makes gRPC of gRPC-Web, for those below and for the backend.
    GrpcWeb(),
    GrpcStats(),
    # The last one: nobody else gets to see the credential, or takes it for the client's.
    CredentialInjection(),
)
