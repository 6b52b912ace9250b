"""What a backend gets as host and path: URLRewrite, and ``urlRewrite`` of an HTTPRouteFilter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.features.path_rewrite import full_path, regex, replace_prefix
from egc.plan.model import Route

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import HTTPRouteFilter as Extended
    from egc.envoygateway.models.httproutefilter import URLRewrite
    from egc.gatewayapi.models.httproute import HTTPRouteFilter


class UrlRewrite(Feature):
    """https://gateway-api.sigs.k8s.io/reference/spec/#httpurlrewritefilter"""

    def on_route(self, route: Route, message: pb.route.Route, ctx: Context) -> None:
        """Rewrite host and path of what is forwarded."""
        if message.route is None:
            return
        _core(route, message.route)
        for found in route.extensions:
            rewrite = cast("Extended", found.resource).spec.url_rewrite
            if rewrite is not None:
                _extended(rewrite, message.route)


def _core(route: Route, action: pb.route.RouteAction) -> None:
    filters = cast("Sequence[HTTPRouteFilter]", route.filters) if route.rule.http is not None else ()
    rewrite = next((f.url_rewrite for f in filters if f.url_rewrite is not None), None)
    if rewrite is None:
        return
    if rewrite.hostname is not None:
        action.host_rewrite_literal = rewrite.hostname
        action.append_x_forwarded_host = True
    if rewrite.path is None:
        return
    if rewrite.path.type == "ReplaceFullPath":
        action.regex_rewrite = regex("^/.*$", full_path(rewrite.path))
    elif route.path is not None:
        replace_prefix(action, route.path, rewrite.path.replace_prefix_match or "")


def _extended(rewrite: URLRewrite, action: pb.route.RouteAction) -> None:
    """What Envoy Gateway adds; no two filters rewrite the same part."""
    host, path = rewrite.hostname, rewrite.path
    if host is not None:
        if host.type == "Header" and host.header is not None:
            action.host_rewrite_header = host.header
        elif host.type == "PathRegex" and host.path_regex is not None:
            action.host_rewrite_path_regex = regex(host.path_regex.pattern, host.path_regex.substitution)
        else:
            action.auto_host_rewrite = True
        action.append_x_forwarded_host = True
    if rewrite.append_x_forwarded_host is False:
        action.append_x_forwarded_host = False
    if path is not None and path.replace_regex_match is not None:
        action.regex_rewrite = regex(path.replace_regex_match.pattern, path.replace_regex_match.substitution)
