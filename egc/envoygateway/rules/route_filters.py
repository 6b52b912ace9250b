"""HTTPRouteFilters: whether what they ask for can be done, alone and beside the other filters of a rule.

https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilter
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Located, Rule, Severity
from egc.envoygateway.rules import route_filter_values
from egc.gatewayapi.graph import Extension, Fault, Graph, RuleNode
from egc.gatewayapi.rules.matches import regex_problem
from egc.gatewayapi.validity.filters import INCOMPATIBLE
from egc.kube.resources import key_of

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import (
        HostSubstitution,
        HTTPRouteFilter,
        HTTPRouteFilterSpec,
        RegexSubstitution,
        ResponseHeaders,
        URLRewrite,
    )
    from egc.gatewayapi.graph import RouteFilter
    from egc.kube.resource import Resource

UNSOUND = Rule(
    code="EGC2182",
    severity=Severity.ERROR,
    title="HTTPRouteFilter that cannot be done",
    explanation="""
        The `type` of a rewrite or of a body names the member that holds its settings, regular expressions are those
        of RE2, and the status of an answer lies between 200 and 599.

        ```yaml
        urlRewrite:
          hostname: {type: Header, header: X-Tenant-Host}
        ```
        """,
    help="correct the HTTPRouteFilter",
    condition="Accepted/UnsupportedValue",
)
TWO_REWRITES = Rule(
    code="EGC2183",
    severity=Severity.ERROR,
    title="two filters rewrite the same",
    explanation="""
        Of all filters of a rule one may rewrite the path, and one the host: a URLRewrite filter or an
        HTTPRouteFilter with `urlRewrite`.
        """,
    help="remove one of the two",
    condition="Accepted/UnsupportedValue",
)
TWO_MATCHES = Rule(
    code="EGC2184",
    severity=Severity.ERROR,
    title="two HTTPRouteFilters with matches in one rule",
    explanation="The `matches` of an HTTPRouteFilter join those of the rule; it can be joined with one such list.",
    help="put all matches into one HTTPRouteFilter",
    condition="Accepted/UnsupportedValue",
)
SUCCESS_WITHOUT_MESSAGE = Rule(
    code="EGC2185",
    severity=Severity.ERROR,
    title="direct response that tells a gRPC client of success",
    explanation="""
        A successful gRPC call ends with a message and a trailer, which a direct response does not have. Statuses
        outside of 2xx become gRPC errors: 403 is PERMISSION_DENIED, 503 is UNAVAILABLE.
        """,
    help="use a statusCode that is not 2xx",
    condition="Accepted/UnsupportedValue",
)

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_ESCAPED = re.compile(r"\\(.?)")
_LOWEST, _NOT_SUCCESS, _HIGHEST = 200, 300, 599
_Problem = tuple[Rule, Located, str]


def find(graph: Graph, rule: RuleNode, beside: Sequence[RouteFilter], resource: Resource) -> Extension | Fault:
    """Judge an HTTPRouteFilter that a rule refers to, with the filters beside it."""
    found = cast("HTTPRouteFilter", resource)
    if key_of(resource) in graph.resources.refused:
        return Fault(None, f'HTTPRouteFilter "{resource.name}" has settings that are not supported')
    for code, at, message in _problems(found.spec, rule):
        text = f'HTTPRouteFilter "{resource.name}" cannot be used: {message}'
        return Fault(code, text, related=((at, "here"),))
    if found.spec.matches and len(beside) > len(rule.filters):
        text = f'HTTPRouteFilter "{resource.name}" has matches, which a backendRef cannot have'
        return Fault(
            UNSOUND, text, help="refer to it in the rule's filters", related=((found.spec.at("matches"), "here"),)
        )
    missing = route_filter_values.missing(graph.resources, found)
    if missing is not None:
        return missing
    earlier = rule.extensions(beside)
    clash = _clash(found.spec, beside, [cast("HTTPRouteFilter", each.resource).spec for each in earlier])
    if clash is not None:
        code, at, message = clash
        return Fault(code, message, related=((at, "the other one"),))
    sources = route_filter_values.sources(graph.resources, found)
    return Extension(resource, sources, answers=found.spec.direct_response is not None)


def _problems(spec: HTTPRouteFilterSpec, rule: RuleNode) -> Iterator[_Problem]:
    """What is wrong with the filter itself, or with such a one for this kind of route."""
    if spec.url_rewrite is not None:
        yield from _rewrite_problems(spec.url_rewrite)
    if (response := spec.direct_response) is not None:
        status = 200 if response.status_code is None else response.status_code
        if not _LOWEST <= status <= _HIGHEST:
            yield UNSOUND, response.at("statusCode"), f"no answer can have the status {status}"
        if rule.grpc is not None and status < _NOT_SUCCESS:
            yield SUCCESS_WITHOUT_MESSAGE, response.at("statusCode"), f"{status} is no answer to a gRPC client"
        if response.content_type is not None and not response.content_type.isprintable():
            yield UNSOUND, response.at("contentType"), "its content type has characters that no header can have"
        if response.header is not None:
            yield from _header_problems(response.header)
    injection = spec.credential_injection
    if injection is not None and injection.header is not None and not _NAME.fullmatch(injection.header):
        yield UNSOUND, injection.at("header"), f'"{injection.header}" is no name of a header'
    yield from _match_problems(spec)


def _header_problems(headers: ResponseHeaders) -> Iterator[_Problem]:
    if headers.remove:
        yield UNSOUND, headers.at("remove"), "a direct response has no headers to remove"
    for header in (*headers.add, *headers.set):
        if header.name.lower() == "host":
            yield UNSOUND, header.at("name"), "an answer has no Host"
        if not header.value.isprintable():
            yield UNSOUND, header.at("value"), f'"{header.name}" has a value that no header can have'


def _rewrite_problems(rewrite: URLRewrite) -> Iterator[_Problem]:
    host, path = rewrite.hostname, rewrite.path
    if host is not None:
        members = {"Header": host.header, "PathRegex": host.path_regex}
        if any((value is not None) != (host.type == type) for type, value in members.items()):
            yield UNSOUND, host.at("type"), f"hostname of type {host.type} needs its own settings and no others"
        if host.header is not None and not _NAME.fullmatch(host.header):
            yield UNSOUND, host.at("header"), f'"{host.header}" is no name of a header'
        if host.path_regex is not None:
            yield from _substitution_problems(host.path_regex)
    if path is not None and path.replace_regex_match is None:
        yield UNSOUND, path.at("type"), 'path of type ReplaceRegexMatch needs "replaceRegexMatch"'
    elif path is not None and path.replace_regex_match is not None:
        yield from _substitution_problems(path.replace_regex_match)


def _substitution_problems(found: RegexSubstitution | HostSubstitution) -> Iterator[_Problem]:
    if (problem := regex_problem(found.pattern)) is not None:
        yield UNSOUND, found.at("pattern"), f"its regular expression is invalid: {problem}"
        return
    if not found.substitution.isprintable():
        yield UNSOUND, found.at("substitution"), "its substitution has characters that no path can have"
    import re2  # noqa: PLC0415 - most sites have no regular expression

    # Envoy leaves a path as it is when it is told of a group that is not there.
    groups = re2.compile(found.pattern).groups
    for escaped in _ESCAPED.findall(found.substitution):
        if escaped != "\\" and not (escaped.isdecimal() and int(escaped) <= groups):
            message = f'"\\{escaped}" of its substitution is no group of its regular expression'
            yield UNSOUND, found.at("substitution"), message


def _match_problems(spec: HTTPRouteFilterSpec) -> Iterator[_Problem]:
    for match in spec.matches:
        if not match.cookies:
            yield UNSOUND, match.at(), "one of its matches says nothing"
        for cookie in match.cookies:
            if cookie.type == "RegularExpression" and (problem := regex_problem(cookie.value)) is not None:
                yield UNSOUND, cookie.at("value"), f"its regular expression is invalid: {problem}"


def _clash(
    spec: HTTPRouteFilterSpec, beside: Sequence[RouteFilter], earlier: Sequence[HTTPRouteFilterSpec]
) -> _Problem | None:
    """Two filters that do the same, of which the other is a core one or came before."""
    if spec.matches:
        for other in earlier:
            if other.matches:
                return TWO_MATCHES, other.at("matches"), "another HTTPRouteFilter of the rule has matches"
    for other in earlier:
        if spec.direct_response is not None and other.direct_response is not None:
            return INCOMPATIBLE, other.at("directResponse"), "another HTTPRouteFilter of the rule answers, too"
    own = spec.url_rewrite
    cores = [core for found in beside if (core := getattr(found, "url_rewrite", None)) is not None]
    for other_rewrite in [*cores, *(other.url_rewrite for other in earlier if other.url_rewrite is not None)]:
        for part in ("hostname", "path"):
            if own is not None and getattr(own, part) is not None and getattr(other_rewrite, part) is not None:
                return TWO_REWRITES, other_rewrite.at(part), f"another filter of the rule rewrites the {part}, too"
    return None
