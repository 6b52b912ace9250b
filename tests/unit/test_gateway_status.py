"""Statuses of GatewayClasses, Gateways and their listeners, as the specification wants them."""

from pathlib import Path

import pytest

from egc.gatewayapi.supported import FEATURES
from tests.statuses import HTTP, SERVED, conditions, gateway, kinds, listener_set, listeners, told

KNOWN_FEATURES = {
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayInfrastructurePropagation",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "HTTPRoute",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout",
    "HTTPRouteCORS",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
    "HTTPRouteSchemeRedirect",
    "ListenerSet",
    "ReferenceGrant",
    "TCPRoute",
    "TLSRoute",
    "TLSRouteModeMixed",
    "TLSRouteModeTerminate",
    "UDPRoute",
}
"""Of the Gateway API 1.6.1, without meshes: sigs.k8s.io/gateway-api/pkg/features."""


def test_features_are_real() -> None:
    """What a class claims are names that the Gateway API knows, each once and in order."""
    assert set(FEATURES) <= KNOWN_FEATURES
    assert list(FEATURES) == sorted(set(FEATURES))


def test_a_class(tmp_path: Path) -> None:
    """A class is accepted and lists its features; conditions tell the generation that they are of."""
    status = told(gateway(HTTP), tmp_path)["GatewayClass", "eg"]
    assert conditions(status) == {"Accepted=True/Accepted"}
    assert [feature["name"] for feature in status["supportedFeatures"]] == list(FEATURES)
    assert {found["observedGeneration"] for found in status["conditions"]} == {7}


def test_generations(tmp_path: Path) -> None:
    """Every condition has the generation of the object that it is of; a listener that of its owner."""
    found = told(gateway(HTTP, ", allowedListeners: {namespaces: {from: Same}}") + listener_set("more", HTTP), tmp_path)
    for key, generation in ((("Gateway", "web"), 3), (("ListenerSet", "more"), 5)):
        every = [*found[key]["conditions"], *(c for one in found[key]["listeners"] for c in one["conditions"])]
        assert {condition["observedGeneration"] for condition in every} == {generation}


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        ("protocol: HTTP", ["HTTPRoute", "GRPCRoute"]),
        ("protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}", ["GRPCRoute"]),
        ("protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}]}", []),
        ("protocol: HTTP, allowedRoutes: {kinds: [{kind: HTTPRoute}, {kind: Odd}]}", ["HTTPRoute"]),
        ("protocol: HTTP, allowedRoutes: {kinds: [{group: example.com, kind: HTTPRoute}]}", []),
        ("protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}", ["HTTPRoute", "GRPCRoute"]),
        ("protocol: TLS, tls: {mode: Passthrough}", ["TLSRoute"]),
        ("protocol: TLS, tls: {certificateRefs: [{name: shop}]}", ["TLSRoute", "TCPRoute"]),
        ("protocol: TCP", ["TCPRoute"]),
        ("protocol: UDP", ["UDPRoute"]),
        ("protocol: INVALID", []),
    ],
)
def test_kinds(listener: str, expected: list[str], tmp_path: Path) -> None:
    """The kinds that fit protocol and mode, and of those that the listener names; for strange ones none."""
    status = told(gateway(f"{{name: one, port: 443, {listener}}}"), tmp_path)["Gateway", "web"]
    assert kinds(listeners(status)["one"]) == expected


def test_a_protocol_that_is_none(tmp_path: Path) -> None:
    """Such a listener is not accepted; the Gateway is, as long as one of its listeners is."""
    odd = "{name: odd, protocol: INVALID, port: 1111}"
    status = told(gateway(f"{HTTP}, {odd}"), tmp_path)["Gateway", "web"]
    assert conditions(status) == {"Accepted=True/ListenersNotValid", "Programmed=True/Programmed"}
    assert "odd" in next(c["message"] for c in status["conditions"] if c["type"] == "Accepted")
    assert conditions(listeners(status)["http"]) == SERVED
    assert conditions(listeners(status)["odd"]) >= {"Accepted=False/UnsupportedProtocol", "Programmed=False/Invalid"}
    status = told(gateway(odd), tmp_path)["Gateway", "web"]
    assert conditions(status) == {"Accepted=False/ListenersNotValid", "Programmed=False/Invalid"}


@pytest.mark.parametrize(
    ("two", "reason"),
    [
        ("{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTP, port: 80}", "HostnameConflict"),
        ("{name: a, protocol: HTTP, port: 80}, {name: b, protocol: TCP, port: 80}", "ProtocolConflict"),
        (
            (
                "{name: a, protocol: HTTPS, port: 443, hostname: x.example, tls: {certificateRefs: [{name: x}]}}, "
                "{name: b, protocol: TLS, port: 443, hostname: x.example, tls: {mode: Passthrough}}"
            ),
            "HostnameConflict",
        ),
        ("{name: a, protocol: TCP, port: 80}, {name: b, protocol: TCP, port: 80}", "HostnameConflict"),
    ],
)
def test_conflicts_within_a_gateway(two: str, reason: str, tmp_path: Path) -> None:
    """No listener wins: https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec."""
    found = listeners(told(gateway(f"{two}, {{name: c, protocol: HTTP, port: 81}}"), tmp_path)["Gateway", "web"])
    for name in "ab":
        expected = {f"Conflicted=True/{reason}", "Programmed=False/Invalid", "ResolvedRefs=True/ResolvedRefs"}
        assert conditions(found[name]) == expected
    assert conditions(found["c"]) == SERVED


@pytest.mark.parametrize(
    "two",
    [
        "{name: a, protocol: HTTP, port: 80}, {name: b, protocol: UDP, port: 80}",
        "{name: a, protocol: HTTP, port: 80, hostname: x.example}, {name: b, protocol: HTTP, port: 80}",
        (
            "{name: a, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: x}]}}, "
            "{name: b, protocol: TLS, port: 443, hostname: x.example, tls: {mode: Passthrough}}"
        ),
        (
            "{name: a, protocol: TLS, port: 443, tls: {certificateRefs: [{name: x}]}}, "
            "{name: b, protocol: TLS, port: 443, hostname: x.example, tls: {mode: Passthrough}}"
        ),
    ],
)
def test_listeners_that_get_along(two: str, tmp_path: Path) -> None:
    """Names tell listeners of one port apart, TLS and HTTPS together; UDP has ports of its own."""
    found = listeners(told(gateway(two), tmp_path)["Gateway", "web"])
    assert all(conditions(one) == SERVED for one in found.values())


def test_an_unsound_listener_takes_no_port(tmp_path: Path) -> None:
    """What cannot be served by itself keeps no other listener out."""
    two = "{name: odd, protocol: INVALID, port: 80}, {name: tls, protocol: TLS, port: 80}, " + HTTP
    assert conditions(listeners(told(gateway(two), tmp_path)["Gateway", "web"])["http"]) == SERVED


ODD, NAME, GOOD = "{type: example.com/rack, value: r7}", "{type: Hostname, value: a.example}", "{value: 192.0.2.7}"


@pytest.mark.parametrize(
    ("asked", "expected", "usable"),
    [
        ([ODD, NAME, GOOD], {"Accepted=False/UnsupportedAddress", "Programmed=False/AddressNotUsable"}, True),
        ([NAME, GOOD], {"Accepted=True/Accepted", "Programmed=False/AddressNotUsable"}, True),
        ([GOOD], {"Accepted=True/Accepted", "Programmed=True/Programmed"}, True),
        (["{type: IPAddress}"], {"Accepted=True/Accepted", "Programmed=True/Programmed"}, False),
    ],
)
def test_addresses(asked: list[str], expected: set[str], usable: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    """Addresses of an unknown type, of no host, of a host, and any: the status has those that can be used."""
    status = told(gateway(HTTP, f", addresses: [{', '.join(asked)}]"), tmp_path)["Gateway", "web"]
    assert conditions(status) == expected
    assert status.get("addresses", []) == [{"type": "IPAddress", "value": "192.0.2.7"}] * usable


def test_no_usable_address(tmp_path: Path) -> None:
    """Nothing is served on other addresses than those asked for."""
    status = told(gateway(HTTP, f", addresses: [{NAME}]"), tmp_path)["Gateway", "web"]
    assert "Programmed=False/AddressNotUsable" in conditions(status)
    assert "Programmed=False/Invalid" in conditions(listeners(status)["http"])


def test_parameters(tmp_path: Path) -> None:
    """Parameters that are not there or not for us: the Gateway is not accepted."""
    dangling = "{group: gateway.envoyproxy.io, kind: EnvoyProxy, name: gone}"
    for ref in (dangling, "{group: example.com, kind: Settings, name: web}"):
        found = told(gateway(HTTP, f", infrastructure: {{parametersRef: {ref}}}"), tmp_path)["Gateway", "web"]
        assert conditions(found) == {"Accepted=False/InvalidParameters", "Programmed=False/Invalid"}
        assert "listeners" not in found


def test_parents_are_explicit(tmp_path: Path) -> None:
    """Group, kind and namespace of a route's parents are told even where the route leaves them out."""
    site = (
        gateway(HTTP, ", defaultScope: All")
        + """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: infra, generation: 9}
spec: {parentRefs: [{name: web}], rules: [{filters: [{type: RequestRedirect, requestRedirect: {port: 81}}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: default, namespace: infra}
spec: {useDefaultGateways: All, hostnames: [a.example], rules: [{}]}
"""
    )
    found = told(site, tmp_path)
    expected = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra", "name": "web"}
    for name in ("shop", "default"):
        (parent,) = found["HTTPRoute", name]["parents"]
        assert parent["parentRef"] == expected
        assert conditions(parent) >= {"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"}
    assert {c["observedGeneration"] for c in found["HTTPRoute", "shop"]["parents"][0]["conditions"]} == {9}
    assert listeners(found["Gateway", "web"])["http"]["attachedRoutes"] == 2


def test_routes_of_a_listener_that_is_not_served(tmp_path: Path) -> None:
    """A route belongs to the listener that its namespace selector gives it, whether that one can be served or not."""
    site = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: infra}
spec: {parentRefs: [{name: web}], rules: [{filters: [{type: RequestRedirect, requestRedirect: {port: 81}}]}]}
"""
    for selector, attached, accepted in (
        ("{matchLabels: {kubernetes.io/metadata.name: infra}}", 1, "True/Accepted"),
        ("{matchLabels: {kubernetes.io/metadata.name: other}}", 0, "False/NotAllowedByListeners"),
        ("{matchExpressions: [{key: team, operator: Near}]}", 0, "False/NotAllowedByListeners"),
    ):
        listener = (
            "{name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: gone, kind: ConfigMap}]}, "
            f"allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}}}"
        )
        found = told(gateway(listener) + site, tmp_path)
        status = listeners(found["Gateway", "web"])["https"]
        assert "Programmed=False/Invalid" in conditions(status)
        assert status["attachedRoutes"] == attached
        assert f"Accepted={accepted}" in conditions(found["HTTPRoute", "shop"]["parents"][0])
