"""References to Services need a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.shared import BackendObjectReference

PORT_MISSING = Rule(
    code="EGC2033",
    severity=Severity.ERROR,
    title="reference to a Service without a port",
    explanation="A Service may have many ports, so the reference must say which one.",
    help="add port",
    condition="ResolvedRefs/PortNotSpecified",
)


def port(ref: BackendObjectReference, flaws: Flaws) -> None:
    """Report a reference to a Service that names no port."""
    if ref.port is None and ref.kind == "Service" and not ref.group:
        flaws.report(ref, PORT_MISSING, ref.at("name"), portless(ref.name))


def portless(name: str) -> str:
    """What to say of such a reference."""
    return f'the reference to Service "{name}" has no port'
