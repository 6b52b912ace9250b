"""``clientSelectors`` of a rate limit rule: which requests a token bucket counts, and together with which others.

Each condition becomes an action, which adds an entry to the request's descriptor only if the request meets it; the
bucket's descriptor has all of these entries. All conditions of a rule must hold; of several methods, one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from egc.diagnostics import Located
from egc.envoy import api as pb
from egc.gatewayapi.rules.matches import regex_problem

if TYPE_CHECKING:
    from egc.envoygateway.models.ratelimit import (
        HeaderMatch,
        MethodMatch,
        PathMatch,
        QueryParamMatch,
        RateLimitSelectCondition,
        SourceMatch,
    )


def problems(selectors: Iterable[RateLimitSelectCondition]) -> Iterator[tuple[Located, str]]:
    """Conditions that Envoy could not test, and why."""
    for selector in selectors:
        if not (selector.headers or selector.methods or selector.path or selector.source_cidr or selector.query_params):
            yield selector.at(), "the selector has no condition"
        valued: list[HeaderMatch | QueryParamMatch] = [*selector.headers, *selector.query_params]
        for one in valued:
            if one.type != "Distinct" and one.value is None:
                yield one.at(), f'"{one.name}" has no value to compare with'
        texts = [one for one in (*valued, selector.path) if one is not None and one.type == "RegularExpression"]
        for text in texts:
            if text.value is not None and (problem := regex_problem(text.value)) is not None:
                yield text.at("value"), f'regular expression "{text.value}" is invalid: {problem}'
        source = selector.source_cidr
        if source is not None and not _is_network(source.value):
            yield source.at("value"), f'"{source.value}" is neither an address nor a network'


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return text.rpartition("/")[2].isdecimal() or "/" not in text  # 10.0.0.0/255.0.0.0 is one for Python only


class Descriptor:
    """The conditions of one rule, as actions of a route and as entries of a bucket. ``name`` is unique among rules."""

    def __init__(self, name: str, selectors: Iterable[RateLimitSelectCondition]) -> None:
        self._name = name
        selectors = list(selectors)
        self._headers = [h for s in selectors for h in s.headers]
        self._params = [q for s in selectors for q in s.query_params]
        self._methods = [m for s in selectors for m in s.methods]
        self._paths = [s.path for s in selectors if s.path is not None]
        self._sources = [s.source_cidr for s in selectors if s.source_cidr is not None]

    @property
    def distinct(self) -> bool:
        """Whether each value that a client sends has a bucket of its own."""
        types = [h.type for h in self._headers] + [q.type for q in self._params] + [s.type for s in self._sources]
        return "Distinct" in types

    def actions(self) -> list[list[pb.route.RateLimitAction]]:
        """The alternatives of the route; each adds the same entries when all of its conditions hold."""
        methods: list[MethodMatch | None] = [*self._methods] or [None]
        return [[action for action, _ in self._pairs(method)] for method in methods]

    def entries(self) -> list[pb.ratelimit.RateLimitDescriptorEntry]:
        """What a request's descriptor must hold for the bucket to count it."""
        return [entry for _, entry in self._pairs(self._methods[0] if self._methods else None)]

    def _pairs(
        self, method: MethodMatch | None
    ) -> Iterator[tuple[pb.route.RateLimitAction, pb.ratelimit.RateLimitDescriptorEntry]]:
        for i, header in enumerate(self._headers):
            yield _header(f"{self._name}-header-{i}", header)
        for i, param in enumerate(self._params):
            yield _param(f"{self._name}-query-{i}", param)
        if method is not None:
            matcher = _header_matcher(":method", pb.matcher.StringMatcher(exact=method.value))
            yield _when(f"{self._name}-method", matcher, invert=method.invert)
        for i, path in enumerate(self._paths):
            yield _when(f"{self._name}-path-{i}", _header_matcher(":path", _path(path)), invert=path.invert)
        for i, source in enumerate(self._sources):
            yield from _source(f"{self._name}-source-{i}", source)


def _entry(key: str, value: str = "") -> pb.ratelimit.RateLimitDescriptorEntry:
    """An entry without a value stands for every value, each with a bucket of its own."""
    return pb.ratelimit.RateLimitDescriptorEntry(key=key, value=value)


def _header_matcher(name: str, matcher: pb.matcher.StringMatcher) -> pb.route.HeaderMatcher:
    return pb.route.HeaderMatcher(name=name, string_match=matcher)


def _when(
    key: str, matcher: pb.route.HeaderMatcher, *, invert: bool
) -> tuple[pb.route.RateLimitAction, pb.ratelimit.RateLimitDescriptorEntry]:
    match = pb.route.RateLimitActionHeaderValueMatch(
        descriptor_key=key, descriptor_value=key, expect_match=not invert, headers=[matcher]
    )
    return pb.route.RateLimitAction(header_value_match=match), _entry(key, key)


def _header(key: str, header: HeaderMatch) -> tuple[pb.route.RateLimitAction, pb.ratelimit.RateLimitDescriptorEntry]:
    if header.type == "Distinct":
        found = pb.route.RateLimitActionRequestHeaders(header_name=header.name, descriptor_key=key)
        return pb.route.RateLimitAction(request_headers=found), _entry(key)
    return _when(key, _header_matcher(header.name, _text(header.type, header.value or "")), invert=header.invert)


def _param(key: str, param: QueryParamMatch) -> tuple[pb.route.RateLimitAction, pb.ratelimit.RateLimitDescriptorEntry]:
    if param.type == "Distinct":
        found = pb.route.RateLimitActionQueryParameters(query_parameter_name=param.name, descriptor_key=key)
        return pb.route.RateLimitAction(query_parameters=found), _entry(key)
    matcher = pb.route.QueryParameterMatcher(name=param.name, string_match=_text(param.type, param.value or ""))
    match = pb.route.RateLimitActionQueryParameterValueMatch(
        descriptor_key=key, descriptor_value=key, expect_match=not param.invert, query_parameters=[matcher]
    )
    return pb.route.RateLimitAction(query_parameter_value_match=match), _entry(key, key)


def _source(
    key: str, source: SourceMatch
) -> Iterator[tuple[pb.route.RateLimitAction, pb.ratelimit.RateLimitDescriptorEntry]]:
    address, _, length = source.value.partition("/")
    bits = int(length) if length else 128 if ":" in address else 32
    network = pb.xds_core.CidrRange(address_prefix=address, prefix_len=bits)
    match = pb.route.RateLimitActionRemoteAddressMatch(
        descriptor_key=key,
        descriptor_value=key,
        address_matcher=pb.matcher.AddressMatcher(ranges=[network], invert_match=source.invert),
    )
    yield pb.route.RateLimitAction(remote_address_match=match), _entry(key, key)
    if source.type == "Distinct":
        yield pb.route.RateLimitAction(remote_address=pb.route.RateLimitActionRemoteAddress()), _entry("remote_address")


def _text(type: str, value: str) -> pb.matcher.StringMatcher:
    if type == "RegularExpression":
        return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=value))
    return pb.matcher.StringMatcher(exact=value)


def _path(path: PathMatch) -> pb.matcher.StringMatcher:
    """``:path`` ends with the query, which must not be a way around the limit."""
    if path.type == "RegularExpression":
        expression = path.value
    else:
        rest = r"(\?.*)?" if path.type == "Exact" else r"([/?].*)?"
        value = path.value if path.type == "Exact" else path.value.rstrip("/")
        expression = re.escape(value) + rest
    return pb.matcher.StringMatcher(safe_regex=pb.matcher.RegexMatcher(regex=expression))
