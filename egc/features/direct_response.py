"""Direct responses: ``directResponse`` of an HTTPRouteFilter."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from egc.envoy import api as pb
from egc.envoygateway.rules.route_filter_values import text_of
from egc.features.base import Context, Feature
from egc.features.headers import appended, literal, overwritten
from egc.plan.model import Answer, Chain, Route

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import HTTPRouteFilter
    from egc.gatewayapi.graph import Extension
    from egc.kube.core import ConfigMap

_OK = 200
_LIMIT = 4096
"""Bytes of a body that Envoy takes unless it is told otherwise."""


class DirectResponse(Feature):
    """https://gateway.envoyproxy.io/docs/tasks/traffic/direct-response/"""

    def on_hcm(self, chain: Chain, message: pb.hcm.HttpConnectionManager, ctx: Context) -> None:
        """Let the longest body be as long as it is."""
        answers = (route for host in chain.hosts for route in host.routes if isinstance(route.action, Answer))
        longest = max(
            (len(_body(extension).encode()) for route in answers for extension in route.extensions), default=0
        )
        if longest > _LIMIT and message.route_config is not None:
            message.route_config.max_direct_response_body_size_bytes = longest

    def on_route(self, route: Route, message: pb.route.Route, ctx: Context) -> None:
        """Answer without a backend. What goes for other answers, such as header filters, goes for this one, too."""
        found = next((each for each in route.extensions if each.answers), None)
        settings = cast("HTTPRouteFilter", found.resource).spec.direct_response if found is not None else None
        if found is None or settings is None or not isinstance(route.action, Answer):
            return
        status = _OK if settings.status_code is None else settings.status_code
        response = message.direct_response = pb.route.DirectResponseAction(status=status)
        if body := _body(found):
            source = pb.core.DataSource(inline_string=body)
            response.body_format = pb.core.SubstitutionFormatString(text_format_source=source)
        headers = message.response_headers_to_add
        if settings.content_type is not None:
            headers.append(overwritten("Content-Type", settings.content_type))
        if settings.header is not None:
            headers += [appended(header.name, header.value) for header in settings.header.add]
            headers += [overwritten(header.name, header.value) for header in settings.header.set]


def _body(extension: Extension) -> str:
    """The body as Envoy formats it: its commands are carried out, and ``%%`` is one ``%``."""
    response = cast("HTTPRouteFilter", extension.resource).spec.direct_response
    body = response.body if response is not None else None
    if body is None:
        return ""
    if body.type == "Inline":
        text = body.inline or ""
    else:
        configs = [cast("ConfigMap", source) for source in extension.sources if source.kind == "ConfigMap"]
        text = next((text_of(config) or "" for config in configs), "")
    return "%%".join(literal(part) for part in text.split("%%"))
