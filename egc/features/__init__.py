"""Every feature, in the order of Envoy's HTTP filters: a request meets them from top to bottom."""

from egc.features.access_log import AccessLog
from egc.features.base import Context, Feature, HttpFilter, Use
from egc.features.cors import Cors
from egc.features.edge import Edge
from egc.features.headers import HeaderModifiers
from egc.features.http_protocol import HttpProtocol
from egc.features.local_ratelimit import LocalRateLimit
from egc.features.path_normalization import PathNormalization
from egc.features.redirect import RequestRedirect
from egc.features.rewrite import UrlRewrite
from egc.features.timeouts import Timeouts
from egc.features.websocket import WebSocket

__all__ = ["FEATURES", "Context", "Feature", "HttpFilter", "Use"]

FEATURES: tuple[Feature, ...] = (
    # Defaults first, so that what a policy says comes after them.
    Edge(),
    AccessLog(),
    PathNormalization(),
    Timeouts(),
    HttpProtocol(),
    WebSocket(),
    HeaderModifiers(),
    RequestRedirect(),
    UrlRewrite(),
    # HTTP filters. A preflight carries no credentials and is answered before anybody asks for some.
    Cors(),
    # Counts only what got this far: a request that was refused above costs no token.
    LocalRateLimit(),
)
