"""WebSocket upgrades, which every HTTPRoute allows."""

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.plan.model import Route

_UPGRADE = "websocket"


class WebSocket(Feature):
    """Pass an upgrade on to the backend, which may refuse it."""

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """Only a route with a backend can upgrade."""
        if message.route is not None and route.rule.http is not None:
            message.route.upgrade_configs = [pb.route.RouteActionUpgradeConfig(upgrade_type=_UPGRADE)]
