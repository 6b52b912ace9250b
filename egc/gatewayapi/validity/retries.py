"""Timeouts and retries of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.validity import lists

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.httproute import HTTPRouteRetry, HTTPRouteTimeouts

BAD_TIMEOUTS = Rule(
    code="EGC2053",
    severity=Severity.ERROR,
    title="backendRequest timeout longer than the request's",
    explanation="`backendRequest` limits one attempt, `request` all of them together; the first cannot be the longer.",
    help="make backendRequest the shorter one",
)


def timeouts(found: HTTPRouteTimeouts, flaws: Flaws) -> None:
    """Zero stands for no limit."""
    if not found.request or found.backend_request is None or found.backend_request <= found.request:
        return
    at, related = found.at("backendRequest"), [(found.at("request"), "the whole request")]
    flaws.report(found, BAD_TIMEOUTS, at, "backendRequest is longer than request", related=related)


def codes(found: HTTPRouteRetry, flaws: Flaws) -> None:
    """Each status once."""
    lists.unique(found, "codes", found.codes, flaws)
