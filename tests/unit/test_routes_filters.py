"""``egc routes`` where filters decide what Envoy is given: shares, cookies, answers and preflights."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from egc.cli import egc

SITE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: eg
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app}
spec:
  parentRefs: [{name: web}]
  rules:
  - matches: [{path: {value: /split}}]
    backendRefs:
    - {name: cart, port: 80, weight: 3, filters: [{type: URLRewrite, urlRewrite: {hostname: a.example}}]}
    - {name: cart, port: 80, weight: 1}
  - matches: [{path: {value: /direct}}]
    filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: direct}}]
  - matches: [{path: {value: /cookies}}]
    filters: [{type: ExtensionRef, extensionRef: {group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: cookies}}]
    backendRefs: [{name: cart, port: 80}]
  - matches: [{path: {value: /cors}, method: PUT}]
    filters:
    - {type: CORS, cors: {allowOrigins: ["https://a.example"]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: cart, port: 80}, percent: 5}}
    backendRefs: [{name: cart, port: 80}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: HTTPRouteFilter
metadata: {name: direct}
spec: {directResponse: {statusCode: 418, body: {inline: tea}}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: HTTPRouteFilter
metadata: {name: cookies}
spec: {matches: [{cookies: [{name: who, value: a}]}, {cookies: [{name: who, type: RegularExpression, value: b.*}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 80}]}
"""
PROFILE = "services: {default/cart: {80: [127.0.0.1:8001]}}\n"


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the site."""
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "egc.yaml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)


def asked(*arguments: str) -> str:
    """What the command says of the site."""
    return CliRunner().invoke(egc, ["routes", "site.yaml", *arguments], prog_name="egc").stdout


def rules(path: str) -> list[Any]:
    """The rules that could take a path."""
    (listener,) = json.loads(asked("--path", path, "--format", "json"))["listeners"]
    found: list[Any] = listener["hosts"][0]["rules"]
    return found


def taken(*arguments: str) -> tuple[Any, list[str]]:
    """The rule that takes a request, and why others do not."""
    (verdict,) = json.loads(asked("--url", *arguments, "--format", "json"))["answers"]
    return verdict["rule"], [passed["because"] for passed in verdict["passedOver"]]


def test_shares() -> None:
    """A backend with a filter for whole routes has a route of its own, which leaves the rest to the next."""
    first, rest = rules("/split")
    assert (first["match"]["percentBelow"], rest["match"]["percentBelow"]) == (75, None)
    assert [rule["answer"]["backends"][0]["percent"] for rule in (first, rest)] == [75, 25]
    assert first["answer"]["backends"][0]["filters"] == [{"type": "URLRewrite", "about": "to a.example<path>"}]
    assert (first["filters"], first["why"], rest["shadowedBy"]) == ([], "the backend is listed first", None)
    rule, passed = taken("http://x/split")
    assert (rule["order"], passed) == (rest["order"], ["it takes only a part of these requests, up to 75 % of all"])
    assert "prefix /split  random number below 75 %\n" in asked()


def test_cookies() -> None:
    """A match of a filter is a condition more."""
    one, other = rules("/cookies")
    assert one["match"]["cookies"] == [{"name": "who", "type": "Exact", "value": "a"}]
    assert (one["why"], other["shadowedBy"]) == ("earlier match of the filter", None)
    rule, passed = taken("http://x/cookies", "-H", "Cookie: other=1; who=bob")
    assert (rule["order"], passed) == (other["order"], ["cookie who is not a"])
    assert taken("http://x/cookies", "-H", "Cookie: a[b]=c; who=bob; who=x")[0] == rule
    assert taken("http://x/cookies", "-H", 'Cookie: who="a"')[0] == one
    assert taken("http://x/cookies", "-H", "Cookie: who=x; who=a")[0] is None
    assert taken("http://x/cookies") == (None, ["cookie who is not there"] * 2)
    assert "prefix /cookies  cookie who=~ b.*\n" in asked()


def test_answers() -> None:
    """A filter that answers leaves nothing to a backend."""
    (rule,) = rules("/direct")
    assert (rule["answer"]["type"], rule["answer"]["status"]) == ("respond", 418)
    assert rule["filters"] == [{"type": "ExtensionRef", "about": "HTTPRouteFilter direct"}]
    assert "      answers 418: a filter answers\n" in asked()


def test_preflights() -> None:
    """The question of a browser has another method than the request that it is about."""
    own, exact, any_method = rules("/cors")
    conditions = [(rule["match"]["method"], rule["match"]["preflight"]) for rule in (own, exact, any_method)]
    assert conditions == [("PUT", False), ("PUT", True), (None, True)]
    assert [rule["answer"]["type"] for rule in (own, exact, any_method)] == ["forward", "preflight", "preflight"]
    assert not any(rule["shadowedBy"] for rule in (own, exact, any_method))
    question = ("http://x/cors", "--method", "OPTIONS", "-H", "Origin: https://a.example")
    for method, rule in (("PUT", exact), ("POST", any_method)):
        found, _ = taken(*question, "-H", f"Access-Control-Request-Method: {method}")
        assert found["order"] == rule["order"]
    text = asked()
    assert "prefix /cors  preflight for PUT\n" in text and "prefix /cors  preflight for any method\n" in text
