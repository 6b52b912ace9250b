"""RequestHeaderModifier and ResponseHeaderModifier, on rules and on backends."""

import re
from collections.abc import Iterable
from typing import TypeAlias

from egc.envoy import api as pb
from egc.features.base import Context, Feature
from egc.gatewayapi.models.httproute import HTTPRouteFilter
from egc.gatewayapi.models.shared import HTTPHeader, HTTPHeaderFilter
from egc.plan.model import Forward, Route

# An Envoy command such as %DOWNSTREAM_REMOTE_ADDRESS% or %REQ(x-id):10%; any other % is meant as it stands.
# https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter
_COMMANDS = (
    r"(?:DOWNSTREAM|UPSTREAM|RESPONSE|REQUEST|CONNECTION|GRPC|TLS|BYTES|PACKETS)_[A-Z0-9_]+|START_TIME(?:_LOCAL)?"
    r"|REQ|RESP|TRAILER|QUERY_PARAMS?|PATH|PROTOCOL|DURATION|COMMON_DURATION|UNIQUE_ID|STREAM_ID|HOSTNAME|ENVIRONMENT"
    r"|DYNAMIC_METADATA|CLUSTER_METADATA|METADATA|FILTER_STATE|FILTER_CHAIN_NAME|REQUESTED_SERVER_NAME|ROUTE_NAME"
    r"|VIRTUAL_CLUSTER_NAME|CEL"
)
_COMMAND = re.compile(rf"%(?:{_COMMANDS})(?:\([^)]*\))?(?::[0-9]+)?%")


_Edited: TypeAlias = "pb.route.Route | pb.route.WeightedClusterClusterWeight"


class HeaderModifiers(Feature):
    """Set, add and remove headers."""

    def on_route(self, route: Route, message: "pb.route.Route", ctx: Context) -> None:
        """Edits of the rule go on the route, those of a backendRef on its share.

        A request meets the rule's filters first, an answer the backend's. Envoy edits both for the share first, so
        where a backend edits requests, its share makes the rule's edits, too.
        """
        rule, action = route.rule.spec.filters, route.action
        weighted = message.route.weighted_clusters if message.route is not None else None
        shares = action.shares if isinstance(action, Forward) and weighted is not None else ()
        on_shares = any(f.request_header_modifier for share in shares for f in share.node.ref.filters)
        _answers(rule, message)
        if not on_shares:
            _requests(rule, message)
        for share, cluster in zip(shares, weighted.clusters if weighted is not None else (), strict=True):
            if on_shares:
                _requests(rule, cluster)
            _requests(share.node.ref.filters, cluster)
            _answers(share.node.ref.filters, cluster)


def _requests(filters: Iterable[HTTPRouteFilter], message: _Edited) -> None:
    """Edit requests, after the edits that the message has."""
    seen: set[str] = set()
    for modifier in [f.request_header_modifier for f in filters if f.request_header_modifier is not None]:
        kept = _without(modifier, message.request_headers_to_add)
        message.request_headers_to_add = kept + _additions(modifier, seen)
        message.request_headers_to_remove += modifier.remove


def _answers(filters: Iterable[HTTPRouteFilter], message: _Edited) -> None:
    """Edit answers."""
    seen: set[str] = set()
    for modifier in [f.response_header_modifier for f in filters if f.response_header_modifier is not None]:
        message.response_headers_to_add += _additions(modifier, seen)
        message.response_headers_to_remove += modifier.remove


def _without(
    modifier: HTTPHeaderFilter, options: "Iterable[pb.core.HeaderValueOption]"
) -> "list[pb.core.HeaderValueOption]":
    """What a later modifier leaves of additions: one message removes first, then sets, then adds, in whatever order."""
    gone = {name.lower() for name in [*modifier.remove, *(header.name for header in modifier.set)]}
    return [option for option in options if option.header is None or option.header.key.lower() not in gone]


def _additions(modifier: HTTPHeaderFilter, seen: set[str]) -> "list[pb.core.HeaderValueOption]":
    """``add`` appends and ``set`` overwrites; of several entries for a name the first counts, as in Envoy Gateway."""
    actions = pb.core.HeaderValueOptionHeaderAppendAction
    found = [_option(header, actions.APPEND_IF_EXISTS_OR_ADD, seen) for header in modifier.add]
    found += [_option(header, actions.OVERWRITE_IF_EXISTS_OR_ADD, seen) for header in modifier.set]
    return [option for option in found if option is not None]


def _option(
    header: HTTPHeader, action: "pb.core.HeaderValueOptionHeaderAppendAction", seen: set[str]
) -> "pb.core.HeaderValueOption | None":
    name = header.name.lower()
    if name in seen:
        return None
    seen.add(name)
    return pb.core.HeaderValueOption(
        header=pb.core.HeaderValue(key=header.name, value=literal(header.value)), append_action=action
    )


def literal(value: str) -> str:
    """*value* for a field that Envoy formats: a ``%`` that begins no command is doubled."""
    if "%" not in value:
        return value
    out, end = [], 0
    for command in _COMMAND.finditer(value):
        out += [value[end : command.start()].replace("%", "%%"), command.group()]
        end = command.end()
    return "".join(out) + value[end:].replace("%", "%%")
