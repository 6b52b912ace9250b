"""Session persistence: what a cookie needs, and what only a cookie has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.shared import SessionPersistence

NO_END = Rule(
    code="EGC2120",
    severity=Severity.ERROR,
    title="permanent session without an end",
    explanation="""
        A cookie of `lifetimeType: Permanent` outlives the browser's session, so it must say when it expires.

        ```yaml
        sessionPersistence:
          absoluteTimeout: 24h
          cookieConfig: {lifetimeType: Permanent}
        ```
        """,
    help="add absoluteTimeout, or use lifetimeType: Session",
)
NO_COOKIE = Rule(
    code="EGC2121",
    severity=Severity.ERROR,
    title="cookie settings for a session without a cookie",
    explanation="A session of `type: Header` is told by a header: it has no cookie, and `cookieConfig` no meaning.",
    help="remove cookieConfig, or use type: Cookie",
)


def judge(found: SessionPersistence, flaws: Flaws) -> None:
    """Both rules are about ``cookieConfig``."""
    cookie = found.cookie_config
    if cookie is None:
        return
    if cookie.lifetime_type == "Permanent" and found.absolute_timeout is None:
        flaws.report(found, NO_END, cookie.at("lifetimeType"), "a permanent session needs absoluteTimeout")
    if found.type != "Cookie":
        flaws.report(found, NO_COOKIE, found.at("cookieConfig").key, "a session in a header has no cookie")
