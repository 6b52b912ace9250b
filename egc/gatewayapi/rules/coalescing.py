"""HTTPS listeners of one port whose names or certificates overlap.

A browser reuses an HTTP/2 connection for every name that its certificate covers, so requests for one listener may come
in on a connection that was opened for another. Envoy answers these with 421, and the browser opens a connection of
their own; the condition tells of it. https://gateway-api.sigs.k8s.io/geps/gep-3567/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from egc.gatewayapi.graph import Graph, ListenerNode
from egc.gatewayapi.rules.certificates import value

if TYPE_CHECKING:
    from egc.kube.core import Secret

_CONDITION = "OverlappingTLSConfig"


def note(graph: Graph) -> None:
    """Set the condition on every listener that shares names with another; certificates are named before hostnames."""
    ports: dict[tuple[tuple[str, ...], int], list[ListenerNode]] = defaultdict(list)
    for listener in graph.listeners():
        if listener.spec.protocol == "HTTPS" and listener.programmed:
            ports[listener.gateway.addresses, listener.spec.port].append(listener)
    for listeners in ports.values():
        if len(listeners) > 1:
            _note(listeners, "OverlappingCertificates", "certificate", {id(li): _certified(li) for li in listeners})
            _note(listeners, "OverlappingHostnames", "hostname", {id(li): [li.hostname.lower()] for li in listeners})


def _note(listeners: list[ListenerNode], reason: str, what: str, names: Mapping[int, list[str]]) -> None:
    by_name: dict[str, list[ListenerNode]] = defaultdict(list)
    for listener in listeners:
        for name in names[id(listener)]:
            by_name[name].append(listener)
    for listener in listeners:
        for name in names[id(listener)]:
            for wider in _covering(name):
                other = next((found for found in by_name.get(wider, ()) if found is not listener), None)
                if other is not None:
                    for one, its, stranger, theirs in ((listener, name, other, wider), (other, wider, listener, name)):
                        message = f'{what} {its} overlaps with {theirs} of listener "{stranger.spec.name}"'
                        one.conditions.set(_CONDITION, reason, f"{message}; requests on a wrong connection get 421")


def _covering(name: str) -> Iterable[str]:
    """A name itself and every wildcard that covers it."""
    yield name
    labels = name.split(".")
    for i in range(1, len(labels)):
        yield f"*.{'.'.join(labels[i:])}"
    yield "*"


def _certified(listener: ListenerNode) -> list[str]:
    """The names in the listener's certificates, as far as the input has them."""
    secrets = [node.secret for node in listener.certificates if node.secret is not None]
    return list(dict.fromkeys(name for secret in secrets for name in _alternative_names(secret)))


def _alternative_names(secret: Secret) -> list[str]:
    from cryptography import x509  # noqa: PLC0415 - most builds do without it

    try:
        leaf = x509.load_pem_x509_certificates(value(secret, "tls.crt") or b"")[0]
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return []
    return [name.lower() for name in found.get_values_for_type(x509.DNSName)]
