"""What knows the kinds that references may name: those of other packages join by way of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from egc.gatewayapi.graph import Backend, Extension, Fault, Graph, RuleNode
from egc.kube.resource import Resource
from egc.kube.resources import Resources

if TYPE_CHECKING:
    from egc.gatewayapi.graph import RouteFilter

# Finds the endpoints of one kind of backend: the port is the reference's, the last is TCP or UDP.
FindBackend = Callable[[Resources, Resource, int | None, str], Backend | Fault]
Backends = Mapping[tuple[str, str], FindBackend]
# Judges an object that an extensionRef of a rule names, among all filters that act on the same requests.
FindExtension = Callable[[Graph, RuleNode, Sequence["RouteFilter"], Resource], Extension | Fault]
Extensions = Mapping[tuple[str, str], FindExtension]


class Finders(NamedTuple):
    """What knows the kinds of backends, and of filters, that references may name."""

    backends: Backends
    extensions: Extensions
