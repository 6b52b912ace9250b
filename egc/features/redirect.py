"""RequestRedirect: where a client is sent instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.features.path_rewrite import replace_prefix
from egc.gatewayapi.models.filters import HTTPRequestRedirectFilter
from egc.plan.model import Redirect, Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.httproute import HTTPRouteFilter

_WELL_KNOWN = {"http": 80, "https": 443}


class RequestRedirect(Feature):
    """https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter"""

    def on_route(self, route: Route, message: pb.route.Route, ctx: Context) -> None:
        """Answer with a Location."""
        filters = cast("Sequence[HTTPRouteFilter]", route.filters) if route.rule.http is not None else ()
        redirect = next((f.request_redirect for f in filters if f.request_redirect is not None), None)
        if redirect is None or not isinstance(route.action, Redirect):
            return
        codes = pb.route.RedirectActionRedirectResponseCode
        action = message.redirect = pb.route.RedirectAction(
            response_code={
                301: codes.MOVED_PERMANENTLY,
                302: codes.FOUND,
                303: codes.SEE_OTHER,
                307: codes.TEMPORARY_REDIRECT,
                308: codes.PERMANENT_REDIRECT,
            }[redirect.status_code]
        )
        if redirect.scheme is not None:
            action.scheme_redirect = redirect.scheme
        _host_and_port(route, redirect, action)
        if redirect.path is not None and redirect.path.type == "ReplaceFullPath":
            action.path_redirect = redirect.path.replace_full_path or "/"
        elif redirect.path is not None and route.path is not None:
            replace_prefix(action, route.path, redirect.path.replace_prefix_match or "")


def _host_and_port(route: Route, redirect: HTTPRequestRedirectFilter, action: pb.route.RedirectAction) -> None:
    """The port is the filter's, else the scheme's well-known one, else the listener's; a well-known one is left out."""
    scheme = redirect.scheme or route.listener.spec.protocol.lower()
    port = redirect.port or (_WELL_KNOWN[scheme] if redirect.scheme else route.listener.spec.port)
    if port != _WELL_KNOWN[scheme]:
        action.port_redirect = port
    if redirect.hostname is not None:
        action.host_redirect = redirect.hostname
    elif port == _WELL_KNOWN[scheme]:
        if "*" not in route.host:
            # Envoy would keep the port of the Host header; naming the host leaves it out.
            action.host_redirect = route.host
        elif route.with_port:
            action.port_redirect = port
