"""Listeners of a Gateway or a ListenerSet: what their protocol allows, and that no two are the same.

https://gateway-api.sigs.k8s.io/reference/spec/#listener
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.gateway import Listener

NAME_TWICE = Rule(
    code="EGC2009",
    severity=Severity.ERROR,
    title="two listeners of one name",
    explanation="Routes and policies refer to a listener of a Gateway by its name, so each needs a name of its own.",
    help="rename one of them",
    condition="Programmed/Invalid",
)
HOSTNAME_CONFLICT = Rule(
    code="EGC2011",
    severity=Severity.ERROR,
    title="two listeners for one port and hostname",
    explanation="""
        Port, protocol and hostname together choose the listener, so two with the same cannot both be chosen.
        All Gateways of a build share one Envoy: the rule holds across them, and the older Gateway wins, unless
        they bind to different addresses (`spec.addresses`, or `addresses` in the host profile).
        """,
    help="change a port or a hostname, or merge the two listeners",
    condition="Conflicted/HostnameConflict",
)
NO_CERTIFICATE = Rule(
    code="EGC2014",
    severity=Severity.ERROR,
    title="listener without a certificate",
    explanation="""
        A listener that terminates TLS needs at least one entry in `tls.certificateRefs`. The Secret need not be part
        of the input: a name that no document has is a certbot lineage on the host.

        ```yaml
        - name: https
          protocol: HTTPS
          port: 443
          tls: {certificateRefs: [{name: shop-example}]}
        ```
        """,
    help="add tls.certificateRefs",
    condition="Programmed/Invalid",
)
WRONG_MODE = Rule(
    code="EGC2015",
    severity=Severity.ERROR,
    title="HTTPS listener that passes TLS through",
    explanation="HTTP routing needs the decrypted request, so a listener of protocol HTTPS must terminate TLS.",
    help="use mode: Terminate, or protocol: TLS for passthrough",
    condition="Programmed/UnsupportedTLSMode",
)
TLS_WITHOUT_USE = Rule(
    code="EGC2018",
    severity=Severity.ERROR,
    title="TLS settings on a listener that speaks plain text",
    explanation="Listeners of protocol HTTP, TCP and UDP do not use TLS; their `tls` section would have no effect.",
    help="use protocol: HTTPS or TLS, or remove tls",
    condition="Programmed/Invalid",
)
HOSTNAME_WITHOUT_USE = Rule(
    code="EGC2130",
    severity=Severity.ERROR,
    title="hostname on a listener that sees none",
    explanation="""
        A TCP connection or a datagram does not say which host it is meant for, so listeners of protocol TCP and UDP
        cannot be told apart by a hostname. TLS has one: the server name.
        """,
    help="remove the hostname, or use protocol: TLS",
    condition="Programmed/Invalid",
)
TLS_MISSING = Rule(
    code="EGC2131",
    severity=Severity.ERROR,
    title="TLS listener without tls",
    explanation="""
        A listener of protocol TLS either passes connections through or terminates TLS; `tls.mode` says which.

        ```yaml
        - name: tls
          protocol: TLS
          port: 443
          tls: {mode: Passthrough}
        ```
        """,
    help="add tls with a mode: Passthrough or Terminate",
    condition="Programmed/Invalid",
)

_PLAIN = ("HTTP", "TCP", "UDP")


def judge(listeners: Sequence[Listener], flaws: Flaws) -> None:
    """Judge each listener, and all together."""
    for listener in listeners:
        _tls(listener, flaws)
        if listener.protocol in ("TCP", "UDP") and listener.hostname is not None:
            message = f'listener "{listener.name}" speaks {listener.protocol} but has a hostname'
            flaws.report(listener, HOSTNAME_WITHOUT_USE, listener.at("hostname"), message)
    if len(listeners) > 1:
        _names(listeners, flaws)
        _places(listeners, flaws)


def clash(listener: Listener) -> tuple[str, str]:
    """What to say of a listener whose port and hostname are taken: the field at fault, and the message."""
    if listener.protocol in ("TCP", "UDP"):
        return "port", f"another listener has {listener.protocol} port {listener.port}"
    where = f'hostname "{listener.hostname}"' if listener.hostname is not None else "any hostname"
    field = "hostname" if listener.hostname is not None else "port"
    return field, f"another listener has port {listener.port} and {where}"


def _tls(listener: Listener, flaws: Flaws) -> None:
    tls, protocol = listener.tls, listener.protocol
    if tls is None:
        if protocol == "TLS":
            message = f'listener "{listener.name}" speaks TLS but has no tls'
            flaws.report(listener, TLS_MISSING, listener.at("protocol"), message)
        return
    if protocol in _PLAIN:
        message = f'listener "{listener.name}" speaks {protocol} but has tls'
        flaws.report(listener, TLS_WITHOUT_USE, listener.at("tls").key, message)
    elif protocol == "HTTPS" and tls.mode == "Passthrough":
        flaws.report(listener, WRONG_MODE, tls.at("mode"), "an HTTPS listener cannot pass TLS through")
    if tls.mode == "Terminate" and not tls.certificate_refs and not tls.options:
        flaws.report(listener, NO_CERTIFICATE, listener.at("tls"), f'listener "{listener.name}" has no certificate')


def _names(listeners: Sequence[Listener], flaws: Flaws) -> None:
    first: dict[str, Listener] = {}
    for listener in listeners:
        other = first.setdefault(listener.name, listener)
        if other is not listener:
            message, related = f'another listener is named "{listener.name}"', [(other.at("name"), "first here")]
            flaws.report(listener, NAME_TWICE, listener.at("name"), message, related=related)


def _places(listeners: Sequence[Listener], flaws: Flaws) -> None:
    first: dict[tuple[int, str, str | None], Listener] = {}
    for listener in listeners:
        other = first.setdefault((listener.port, listener.protocol, listener.hostname), listener)
        if other is not listener:
            field, message = clash(listener)
            related = [(other.at("name"), "conflicts with this one")]
            flaws.report(listener, HOSTNAME_CONFLICT, listener.at(field), message, related=related)
