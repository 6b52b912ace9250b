"""Session persistence: what Envoy can keep to, and between which backends.

https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.graph import Backend, Graph, RuleNode
from egc.gatewayapi.rules import protocols

if TYPE_CHECKING:
    from egc.gatewayapi.models.shared import SessionPersistence

UNTIMED = Rule(
    code="EGC2203",
    severity=Severity.ERROR,
    title="session without a clock",
    explanation="""
        Envoy remembers no sessions: a cookie or a header of the client holds the endpoint. So only a cookie that
        expires can end a session after `absoluteTimeout`.

        ```yaml
        sessionPersistence:
          absoluteTimeout: 8h
          cookieConfig: {lifetimeType: Permanent}
        ```
        """,
    help="use a cookie of lifetimeType: Permanent, or remove absoluteTimeout",
    lenient=True,
)
BAD_NAME = Rule(
    code="EGC2204",
    severity=Severity.ERROR,
    title="sessionName that no cookie or header can have",
    explanation="Names of cookies and headers are letters, digits and some of the signs, without spaces and `;`.",
    help="use letters, digits and hyphens",
    condition="Accepted/UnsupportedValue",
)
NOT_ALIKE = Rule(
    code="EGC2205",
    severity=Severity.ERROR,
    title="session between backends that differ",
    explanation="""
        The backends of a rule with `sessionPersistence` share one cluster of Envoy, or a session would not survive the
        weighted choice among them. So all of them speak one protocol, are all addresses, all DNS names or all unix
        sockets, and none has filters of its own.
        """,
    help="move the session to rules with one backend each, or make the backends alike",
)

# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def validate(graph: Graph, sink: Sink) -> None:
    """Judge the sessions of every rule."""
    for route in graph.routes:
        for rule in route.rules:
            if (session := rule.session) is not None:
                _timed(rule, session, sink)
                _named(rule, session, sink)
                _alike(rule, session, sink)


def _timed(rule: RuleNode, session: SessionPersistence, sink: Sink) -> None:
    cookie = session.cookie_config
    permanent = cookie is not None and cookie.lifetime_type == "Permanent"
    if session.absolute_timeout is None or (session.type == "Cookie" and permanent):
        return
    what = "a cookie of lifetimeType: Session" if session.type == "Cookie" else "a session in a header"
    sink.report(UNTIMED, session.at("absoluteTimeout").key, f"{what} has no end that Envoy could keep to")
    rule.broken = rule.broken or not sink.lenient


def _named(rule: RuleNode, session: SessionPersistence, sink: Sink) -> None:
    name = session.session_name
    if name and not _TOKEN.fullmatch(name):
        message = f'no {session.type.lower()} can be named "{name}"'
        rule.route.conditions.deny(BAD_NAME, session.at("sessionName"), message, sink)
        rule.broken = True


def _alike(rule: RuleNode, session: SessionPersistence, sink: Sink) -> None:
    taking = [(node, node.backend) for node in rule.backends if node.weight and node.backend and node.backend.endpoints]
    if len(taking) < 2:
        return
    first, found = taking[0]
    for node, backend in taking:
        problem = "has filters of its own" if node.filters else _difference(rule, found, backend)
        if problem:
            related = [(node.ref.at("name"), "this backend")]
            if node is not first:
                related.insert(0, (first.ref.at("name"), "the first backend"))
            message = f'sessions cannot span the backends: "{node.ref.name}" {problem}'
            sink.report(NOT_ALIKE, session.at(), message, related=related)
            rule.broken = True
            return


def _difference(rule: RuleNode, first: Backend, other: Backend) -> str:
    """What keeps two backends from sharing a cluster."""
    if rule.grpc is None and _speaks(first) != _speaks(other):
        return "speaks another protocol than the first"
    if first.tls != other.tls:
        return "has other TLS settings than the first"
    if _found_by(first) != _found_by(other):
        return f"is {_found_by(other)}, the first is {_found_by(first)}"
    return ""


def _speaks(backend: Backend) -> tuple[bool, bool]:
    return backend.protocol in protocols.HTTP2, backend.protocol in protocols.WEBSOCKET


def _found_by(backend: Backend) -> str:
    endpoint = backend.endpoints[0]
    return "a unix socket" if endpoint.path else "a DNS name" if endpoint.is_name else "an address"
