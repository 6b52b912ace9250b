"""The HTTP filter chain: which filters are present, in which order, and what each route says to them."""

from dataclasses import dataclass, field

from betterproto2 import Message

from egc.envoy import api as pb
from egc.features import FEATURES, Context, HttpFilter
from egc.plan.model import Chain, Route

HTTP_FILTERS = tuple(feature for feature in FEATURES if isinstance(feature, HttpFilter))
ROUTER = "envoy.filters.http.router"


@dataclass(eq=False, slots=True)
class FilterChain:
    """Collects the filters of one connection manager while its routes are emitted."""

    chain: Chain
    ctx: Context
    found: list[dict[str, "pb.hcm.HttpFilter"]] = field(default_factory=lambda: [{} for _ in HTTP_FILTERS])

    def per_route(self, route: Route) -> dict[str, "pb.protobuf.Any"] | None:
        """The route's configuration of each filter that it uses; the filters are noted. None if one cannot be used."""
        configs: dict[str, pb.protobuf.Any] = {}
        for feature, found in zip(HTTP_FILTERS, self.found, strict=True):
            uses = feature.uses(route, self.ctx)
            if uses is None:
                return None
            for use in uses:
                if use.instance:
                    name = f"{feature.filter}/{use.instance}"
                    # A filter of its own is off, and on only where a route says so with an empty configuration.
                    configs[name] = pb.pack(pb.route.FilterConfig(config=pb.protobuf.Any()))
                    if name not in found:
                        found[name] = _filter(name, use.config, disabled=True)
                else:
                    name = feature.filter
                    configs[name] = pb.pack(use.config)
                    if name not in found:
                        off = isinstance(use.config, pb.route.FilterConfig)
                        found[name] = _filter(name, feature.shared(self.chain, self.ctx), disabled=off)
        return configs

    def filters(self) -> list["pb.hcm.HttpFilter"]:
        """All filters that some route uses, in the order of FEATURES; the router is the last."""
        router = _filter(ROUTER, pb.router.Router(suppress_envoy_headers=True))
        return [found for by_name in self.found for _, found in sorted(by_name.items())] + [router]


def _filter(name: str, config: Message, *, disabled: bool = False) -> "pb.hcm.HttpFilter":
    message = pb.hcm.HttpFilter(name=name, typed_config=pb.pack(config))
    if disabled:
        message.disabled = True
    return message
