"""What an ExternalAuth filter may say beyond its schema.

https://gateway-api.sigs.k8s.io/geps/gep-1494/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.validity.matches import path_problem

if TYPE_CHECKING:
    from egc.gatewayapi.conditions import Conditions
    from egc.gatewayapi.models.filters import GRPCAuthConfig, HTTPAuthConfig, HTTPExternalAuthFilter

BAD_PREFIX = Rule(
    code="EGC2188",
    severity=Severity.ERROR,
    title="path that no authorizer can be asked at",
    explanation="""
        `http.path` is put before the path of the client's request. It starts with `/` and is normal: no `//`, `/./`,
        `/../`, and no encoded slash (`%2F`).

        ```yaml
        externalAuth:
          protocol: HTTP
          http: {path: /verify}
          backendRef: {name: auth, port: 9000}
        ```
        """,
    help="write the path as it is after normalisation",
    condition="Accepted/UnsupportedValue",
)
BAD_SIZE = Rule(
    code="EGC2189",
    severity=Severity.ERROR,
    title="body that cannot be forwarded to an authorizer",
    explanation="""
        `forwardBody.maxSize` is the number of bytes that Envoy keeps in memory until the authorizer has answered, at
        most 4294967295. With 0, or without `forwardBody`, no body is forwarded. A longer body is answered with 413.
        """,
    help="use a number between 0 and 4294967295",
    condition="Accepted/UnsupportedValue",
)
ANY_HEADER = Rule(
    code="EGC2190",
    severity=Severity.WARNING,
    title="authorizer may set any header",
    explanation="""
        Without `allowedResponseHeaders` a backend gets every header of the authorizer's answer. Headers that are
        listed are taken out of the client's request first, so that a client cannot forge what the authorizer leaves
        unset; headers that are not listed cannot be.

        ```yaml
        http: {allowedResponseHeaders: [x-user]}
        ```
        """,
    help="list the headers that backends trust in http.allowedResponseHeaders",
)

BAD_NAME = Rule(
    code="EGC2192",
    severity=Severity.ERROR,
    title="header that an authorizer cannot be told, or cannot set",
    explanation="""
        `allowedHeaders` and `allowedResponseHeaders` list names of headers. `Host`, and the pseudo headers of HTTP/2
        such as `:path`, say where a request goes: an authorizer is told of them, and cannot change them. Nor can it set
        `Content-Length` and others that say where a message ends.

        ```yaml
        http: {allowedHeaders: [cookie], allowedResponseHeaders: [x-user, x-groups]}
        ```
        """,
    help="remove it",
    condition="Accepted/UnsupportedValue",
)

_UINT32_MAX = 2**32 - 1
# Where a message goes, and where it ends: those of the answer would cut the request, or join it with the next one.
_NEVER_PASSED = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")


def judge(auth: HTTPExternalAuthFilter, conditions: Conditions, sink: Sink) -> bool:
    """Whether Envoy can ask the authorizer as the filter says."""
    sound = True
    if auth.http is not None:
        sound = _http(auth.http, conditions, sink)
    for settings in (auth.http, auth.grpc):
        if settings is not None:
            sound = _names(settings, "allowedHeaders", settings.allowed_headers, conditions, sink) and sound
    size = auth.forward_body.max_size if auth.forward_body is not None else None
    if size is not None and auth.forward_body is not None and not 0 <= size <= _UINT32_MAX:
        conditions.deny(BAD_SIZE, auth.forward_body.at("maxSize"), f"a body cannot have {size} bytes", sink)
        sound = False
    return sound


def _http(http: HTTPAuthConfig, conditions: Conditions, sink: Sink) -> bool:
    if not http.allowed_response_headers:
        sink.report(ANY_HEADER, http.at(), "backends get every header that the authorizer sets, even forged ones")
    problem, help = path_problem(http.path) if http.path is not None else ("", "")
    if problem:
        conditions.deny(BAD_PREFIX, http.at("path"), f'path "{http.path}" {problem}', sink, help=help)
    passed = http.allowed_response_headers
    return _names(http, "allowedResponseHeaders", passed, conditions, sink, but=_NEVER_PASSED) and not problem


def _names(
    settings: HTTPAuthConfig | GRPCAuthConfig,
    alias: str,
    names: list[str],
    conditions: Conditions,
    sink: Sink,
    *,
    but: frozenset[str] = frozenset(),
) -> bool:
    bad = [i for i, name in enumerate(names) if not _NAME.fullmatch(name) or name.lower() in but]
    for i in bad:
        conditions.deny(BAD_NAME, settings.at(alias, i), f'"{names[i]}" cannot be listed here', sink)
    return not bad
