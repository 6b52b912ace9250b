"""How each kind of backend, and of filter, is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Sink
from egc.envoygateway.rules import backends, route_filters
from egc.gatewayapi.finders import Finders
from egc.gatewayapi.rules import services
from egc.profile import Profile
from egc.profile.load import listens

if TYPE_CHECKING:
    from egc.envoygateway.models.envoygateway_config import EnvoyGateway


def finders(profile: Profile, config: EnvoyGateway | None, sink: Sink) -> Finders:
    """Services by the host profile, Backends unless the EnvoyGateway document turns them off."""
    enabled = config is None or config.extension_apis.enable_backend is not False
    return Finders(
        {
            ("", "Service"): services.finder(listens(profile, sink), profile.dns),
            ("gateway.envoyproxy.io", "Backend"): backends.finder(sink) if enabled else backends.turned_off,
        },
        {("gateway.envoyproxy.io", "HTTPRouteFilter"): route_filters.find},
    )
