"""Session persistence of HTTPRoutes and GRPCRoutes: ``sessionPersistence``."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use
from egc.plan.model import Chain, Forward, Route

if TYPE_CHECKING:
    from egc.gatewayapi.models.httproute import HTTPPathMatch
    from egc.gatewayapi.models.shared import SessionPersistence as Session

_LITERAL = re.compile(r"[^\\.+*?()\[\]{}|^$]*")
_MAY_BE_NONE = ("*", "?", "{")  # of the character before


class SessionPersistence(HttpFilter):
    """A cookie or a header tells the endpoint that answered the first request; further ones go there while it lives.

    https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter
    """

    filter = "envoy.filters.http.stateful_session"

    def shared(self, chain: Chain, ctx: Context) -> pb.stateful_session.StatefulSession:
        """Other routes have no sessions."""
        return pb.stateful_session.StatefulSession()

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """The rule's sessions."""
        session = route.rule.session
        if session is None or not isinstance(route.action, Forward):
            return ()
        state = pb.stateful_session.StatefulSession(session_state=_state(route, session))
        return (Use(pb.stateful_session.StatefulSessionPerRoute(stateful_session=state)),)


def _state(route: Route, session: Session) -> pb.core.TypedExtensionConfig:
    name = session.session_name or _default_name(route)
    if session.type == "Header":
        header = pb.header_session.HeaderBasedSessionState(name=name)
        return pb.core.TypedExtensionConfig(name="envoy.http.stateful_session.header", typed_config=pb.pack(header))
    cookie = pb.http_types.Cookie(name=name, path=_cookie_path(route.path))
    ends = session.absolute_timeout
    if ends is not None and session.cookie_config is not None and session.cookie_config.lifetime_type == "Permanent":
        cookie.ttl = timedelta(seconds=math.ceil(ends.total_seconds()))  # Envoy counts whole seconds
    if route.listener.spec.protocol == "HTTPS":
        cookie.attributes = [pb.http_types.CookieAttribute(name="Secure")]
    state = pb.cookie_session.CookieBasedSessionState(cookie=cookie)
    return pb.core.TypedExtensionConfig(name="envoy.http.stateful_session.cookie", typed_config=pb.pack(state))


def _default_name(route: Route) -> str:
    """Envoy Gateway's name, so that sessions outlive a move to a cluster."""
    resource = route.rule.route.resource
    return f"{resource.kind.lower()}-{resource.namespace}-{resource.name}-rule-{route.rule.index}"


def _cookie_path(path: HTTPPathMatch | None) -> str:
    """Where clients send the cookie: below the path of the match; a session of gRPC is for all methods of the rule."""
    if path is None:
        return "/"
    if path.type == "RegularExpression":
        return _fixed_start(path.value)
    return (path.value.rstrip("/") if path.type == "PathPrefix" else path.value) or "/"


def _fixed_start(expression: str) -> str:
    """The folder in which all paths lie that a regular expression matches."""
    literal = _LITERAL.match(expression)
    start = literal[0] if literal and "|" not in expression else ""
    if expression.removeprefix(start).startswith(_MAY_BE_NONE):
        start = start[:-1]
    return start.rpartition("/")[0] or "/"
