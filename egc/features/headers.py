"""RequestHeaderModifier and ResponseHeaderModifier, on rules and on backends."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.gatewayapi.models.shared import HTTPHeader, HTTPHeaderFilter
from egc.plan.model import Forward, Route

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter

# An Envoy command such as %DOWNSTREAM_REMOTE_ADDRESS% or %REQ(x-id):10%; any other % is meant as it stands.
# https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter
_ALONE = (
    "PROTOCOL|DURATION|UNIQUE_ID|STREAM_ID|HOSTNAME|FILTER_CHAIN_NAME|REQUESTED_SERVER_NAME|ROUTE_NAME"
    "|VIRTUAL_CLUSTER_NAME"
)
_WITH_PARAMETERS = (
    "REQ|RESP|TRAILER|QUERY_PARAM|COMMON_DURATION|ENVIRONMENT|DYNAMIC_METADATA|CLUSTER_METADATA|METADATA"
    "|FILTER_STATE|CEL"
)
_OTHERS = (
    "(?:DOWNSTREAM|UPSTREAM|RESPONSE|REQUEST|CONNECTION|GRPC|TLS|BYTES|PACKETS)_[A-Z0-9_]+|START_TIME(?:_LOCAL)?"
    "|QUERY_PARAMS|PATH"
)
_COMMAND = re.compile(
    rf"%(?:(?:{_ALONE})|(?:{_WITH_PARAMETERS})\([^)]+\)(?::[0-9]+)?|(?:{_OTHERS})(?:\([^)]*\))?(?::[0-9]+)?)%"
)


_Edited: TypeAlias = "pb.route.Route | pb.route.WeightedClusterClusterWeight"


class HeaderModifiers(Feature):
    """Set, add and remove headers."""

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """Edits of the rule go on the route, those of a backendRef on its share.

        A request meets the rule's filters first, an answer the backend's. Envoy edits both for the share first, so
        where a backend edits requests, its share makes the rule's edits, too.
        """
        rule, action = route.rule.filters, route.action
        if route.alone is not None:
            _requests(rule, message)
            _requests(route.alone.filters, message)
            _answers(route.alone.filters, message)
            _answers(rule, message)
            return
        weighted = message.route.weighted_clusters if message.route is not None else None
        shares = action.shares if isinstance(action, Forward) and weighted is not None else ()
        on_shares = any(f.request_header_modifier for share in shares for f in share.node.filters if share.cluster)
        _answers(rule, message)
        if not on_shares:
            _requests(rule, message)
        for share, cluster in zip(shares, weighted.clusters if weighted is not None else (), strict=True):
            if on_shares:
                _requests(rule, cluster)
            if share.cluster is not None:  # else the filters may be what is wrong with it
                _requests(share.node.filters, cluster)
                _answers(share.node.filters, cluster)


def _requests(filters: "Iterable[RouteFilter]", message: _Edited) -> None:
    """Edit requests, after the edits that the message has."""
    seen: set[str] = set()
    for modifier in [f.request_header_modifier for f in filters if f.request_header_modifier is not None]:
        kept = _without(modifier, message.request_headers_to_add)
        message.request_headers_to_add = kept + _additions(modifier, seen)
        message.request_headers_to_remove += modifier.remove


def _answers(filters: "Iterable[RouteFilter]", message: _Edited) -> None:
    """Edit answers, after the edits that the message has."""
    seen: set[str] = set()
    for modifier in [f.response_header_modifier for f in filters if f.response_header_modifier is not None]:
        kept = _without(modifier, message.response_headers_to_add)
        message.response_headers_to_add = kept + _additions(modifier, seen)
        message.response_headers_to_remove += modifier.remove


def _without(
    modifier: HTTPHeaderFilter, options: "Iterable[pb.core.HeaderValueOption]"
) -> "list[pb.core.HeaderValueOption]":
    """What a later modifier leaves of additions: one message removes first, then sets, then adds, in whatever order."""
    gone = {name.lower() for name in [*modifier.remove, *(header.name for header in modifier.set)]}
    return [option for option in options if option.header is None or option.header.key.lower() not in gone]


def _additions(modifier: HTTPHeaderFilter, seen: set[str]) -> "list[pb.core.HeaderValueOption]":
    """``add`` appends and ``set`` overwrites; of several entries for a name the first counts, as in Envoy Gateway."""
    found = [appended(header.name, header.value) for header in modifier.add if _first(header, seen)]
    return found + [overwritten(header.name, header.value) for header in modifier.set if _first(header, seen)]


def _first(header: HTTPHeader, seen: set[str]) -> bool:
    name = header.name.lower()
    if name in seen:
        return False
    seen.add(name)
    return True


def appended(name: str, value: str) -> "pb.core.HeaderValueOption":
    """One more header of a name."""
    action = pb.core.HeaderValueOptionHeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
    return pb.core.HeaderValueOption(header=pb.core.HeaderValue(key=name, value=literal(value)), append_action=action)


def overwritten(name: str, value: str) -> "pb.core.HeaderValueOption":
    """The only header of a name."""
    action = pb.core.HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    return pb.core.HeaderValueOption(header=pb.core.HeaderValue(key=name, value=literal(value)), append_action=action)


def literal(value: str) -> str:
    """*value* for a field that Envoy formats: a ``%`` that begins no command is doubled."""
    if "%" not in value:
        return value
    out, end = [], 0
    for command in _COMMAND.finditer(value):
        out += [value[end : command.start()].replace("%", "%%"), command.group()]
        end = command.end()
    return "".join(out) + value[end:].replace("%", "%%")
