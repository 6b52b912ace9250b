"""``egc routes``: the order, the reasons, the origins and the answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

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
metadata: {name: new, creationTimestamp: "2025-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: web}]
  hostnames: [shop.example]
  rules:
  - name: cart
    matches:
    - {path: {type: Exact, value: /cart}, method: POST}
    - {path: {type: Exact, value: /cart}, headers: [{name: X-A, value: a}, {name: X-B, value: b}]}
    - {path: {type: Exact, value: /cart}, headers: [{name: X-A, value: a}]}
    - {path: {type: Exact, value: /cart}, queryParams: [{name: q, value: a}, {name: r, value: b}]}
    - {path: {type: Exact, value: /cart}, queryParams: [{name: q, value: a}]}
    - {path: {type: RegularExpression, value: "/item/[0-9]+"}}
    - {path: {value: /basket}}
    - {path: {value: /shop}}
    - {path: {value: /list}}
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Key, value: hidden}], remove: [X-Old]}}
    backendRefs:
    - {name: cart, port: 80, weight: 3}
    - {name: lost, port: 80}
  - matches: [{path: {value: /list}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: old, creationTimestamp: "2024-01-01T00:00:00Z"}
spec:
  parentRefs: [{name: web}]
  hostnames: [shop.example]
  rules:
  - matches: [{path: {value: /shop}}]
    backendRefs: [{name: cart, port: 80}]
  - filters: [{type: RequestRedirect, requestRedirect: {hostname: www.shop.example, port: 8443, statusCode: 301}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: any}
spec:
  parentRefs: [{name: web}]
  hostnames: ["*.shop.example"]
  rules:
  - filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 80}]}
"""
PROFILE = 'services: {default/cart: {80: ["127.0.0.1:8001", "[::1]:8001", "unix:/run/cart.sock"]}}\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the site."""
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "egc.yaml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    """The command's answer, for the site."""
    return CliRunner().invoke(egc, ["routes", "site.yaml", *arguments], prog_name="egc")


def data(*arguments: str) -> Any:
    """The command's JSON."""
    return json.loads(run(*arguments, "--format", "json").stdout)


@pytest.mark.usefixtures("site")
def test_each_reason() -> None:
    """Every key decides somewhere, and is told where it does."""
    (listener,) = data()["listeners"]
    exact, wildcard = listener["hosts"]
    reasons = [(rule["match"]["path"]["value"], rule["origin"]["name"], rule["why"]) for rule in exact["rules"]]
    assert reasons == [
        ("/cart", "new", "it has a method, the next has none"),
        ("/cart", "new", "more headers"),
        ("/cart", "new", "more headers"),
        ("/cart", "new", "more query parameters"),
        ("/cart", "new", "exact path"),
        ("/item/[0-9]+", "new", "regular expression before prefixes"),
        ("/basket", "new", "longer prefix"),
        ("/shop", "old", "older route"),
        ("/shop", "new", "earlier match of the rule"),
        ("/list", "new", "earlier rule of the route"),
        ("/list", "new", "longer prefix"),
        ("/", "old", "the last one"),
    ]
    assert [rule["order"] for rule in exact["rules"]] == list(range(1, 13))
    assert [rule["shadowedBy"] for rule in exact["rules"]] == [None] * 8 + [8, None, 10, None]
    assert [rule["why"] for rule in wildcard["rules"]] == ["a Host header with a port is more than any", "the last one"]


SHARE = {
    "kind": "Service",
    "namespace": "default",
    "name": "cart",
    "port": 80,
    "weight": 3,
    "percent": 75.0,
    "endpoints": ["127.0.0.1:8001", "[::1]:8001", "unix:/run/cart.sock"],
    "filters": [],
    "status": None,
    "because": None,
}
LOST = {"name": "lost", "weight": 1, "percent": 25.0, "endpoints": [], "status": 500}
LOST |= {"because": 'Service "lost" does not exist in namespace "default"'}
RULE = {
    "order": 1,
    "name": "httproute/default/new/rule/0/match/0/shop_example",
    "match": {
        "path": {"type": "Exact", "value": "/cart"},
        "method": "POST",
        "headers": [],
        "queryParams": [],
        "cookies": [],
        "grpc": None,
        "portInHost": False,
        "preflight": False,
        "percentBelow": None,
    },
    "answer": {"type": "forward", "status": None, "to": None, "because": None, "backends": [SHARE, SHARE | LOST]},
    "filters": [{"type": "RequestHeaderModifier", "about": "set X-Key; remove X-Old"}],
    "origin": {
        "kind": "HTTPRoute",
        "namespace": "default",
        "name": "new",
        "rule": 0,
        "ruleName": "cart",
        "match": 0,
        "source": {"file": "site.yaml", "line": 23},
    },
    "why": "it has a method, the next has none",
    "shadowedBy": None,
}


@pytest.mark.usefixtures("site")
def test_the_shape() -> None:
    """The documented keys, all of them always there; values of headers are left out."""
    (listener,) = data()["listeners"]
    hosts = listener.pop("hosts")
    assert listener == {
        "name": "default/web/http",
        "addresses": [],
        "port": 8080,
        "protocol": "HTTP",
        "listeners": ["default/web/http"],
    }
    rules = hosts[0].pop("rules")
    assert hosts[0] == {"name": "default/web/http/shop_example", "hostnames": ["shop.example"], "serverNames": None}
    assert rules[0] == RULE
    assert rules[1]["match"]["headers"][0] == {"name": "X-A", "type": "Exact", "value": "a"}
    empty = {"type": "respond", "status": 500, "to": None, "because": "the rule has no backend", "backends": []}
    assert rules[10]["answer"] == empty
    assert rules[11]["answer"]["to"] == "<scheme>://www.shop.example:8443<path>"
    assert rules[11]["origin"]["match"] is None
    assert rules[11]["origin"]["source"]["line"] == 48


@pytest.mark.usefixtures("site")
def test_the_text() -> None:
    """What people see fits into 100 columns and says all that matters; errors go to standard error and count."""
    result = run()
    assert result.exit_code == 1
    assert "error[EGC2030]" in result.stderr and "EGC2030" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "hidden" not in result.stdout
    assert (
        """\
   9  prefix /shop
      HTTPRoute default/new, rule 0 "cart", match 7, site.yaml:30
      filters: RequestHeaderModifier (set X-Key; remove X-Old)
      to 75 % Service default/cart:80 (127.0.0.1:8001, [::1]:8001, unix:/run/cart.sock), 25 %
        Service default/lost:80 (answers 500: Service "lost" does not exist in namespace "default")
      NO REQUEST REACHES IT: 8 takes the same ones
      why here: earlier match of the rule
"""
        in result.stdout
    )


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("arguments", "taken", "passed"),
    [
        (["http://shop.example:8080/cart"], (12, "redirect"), [1, 2, 3, 4, 5]),
        (["http://shop.example/cart?q=a"], (5, "forward"), [1, 2, 3, 4]),
        (["http://shop.example/cart", "-H", "x-a: a"], (3, "forward"), [1, 2]),
        (["http://SHOP.example/cart", "--method", "post"], (1, "forward"), []),
        (["http://shop.example/item/7"], (6, "forward"), []),
        (["http://a.shop.example"], (2, "redirect"), [1]),
        (["http://a.shop.example:8080"], (1, "redirect"), []),
        (["http://other.example/"], None, []),
    ],
)
def test_who_takes_a_request(arguments: list[str], taken: tuple[int, str] | None, passed: list[int]) -> None:
    """The first rule of the host that fits, after those that nearly do."""
    (verdict,) = data("--url", *arguments)["answers"]
    rule = verdict["rule"]
    assert (rule and (rule["order"], rule["answer"]["type"])) == taken
    assert [found["rule"]["order"] for found in verdict["passedOver"]] == passed
    assert (verdict["because"] is None) is (taken is not None)


@pytest.mark.usefixtures("site")
def test_why_others_do_not_take_it() -> None:
    """Each condition that is not met."""
    text = run("--url", "http://shop.example/cart?r=b&q=x", "-H", "X-A: b").stdout
    assert text.startswith("GET http://shop.example/cart?r=b&q=x\n\nHTTP on *:8080, listener default/web/http\n")
    for reason in (
        "method is not POST",
        "header X-A is not a; header X-B is not there",
        "query parameter q is not a",
    ):
        assert f"passed over: {reason}\n" in text
    assert data("--url", "https://shop.example/")["answers"] == []
    assert data("--url", "http://shop.example:81/")["answers"] == []


@pytest.mark.usefixtures("site")
def test_filters() -> None:
    """One host, as Envoy would choose it, and the rules for one path, with their places among all."""
    (listener,) = data("--host", "a.SHOP.example")["listeners"]
    assert [host["hostnames"] for host in listener["hosts"]] == [["*.shop.example"]]
    (listener,) = data("--host", "shop.example", "--path", "/shop/cart")["listeners"]
    assert [rule["order"] for rule in listener["hosts"][0]["rules"]] == [8, 9, 12]
    (listener,) = data("--host", "*.shop.example")["listeners"]
    assert len(listener["hosts"]) == 1
    assert data("--host", "shop.other")["listeners"] == []
    assert run("--host", "shop.other").stdout == "nothing is served there\n"


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--url", "shop.example/cart"], "--url shop.example/cart: write a URL such as https://shop.example/cart"),
        (["--url", "http://[/"], "--url http://[/: write a URL such as https://shop.example/cart"),
        (["--url", "http://a:99999/"], "--url http://a:99999/: write a URL such as https://shop.example/cart"),
        (["--path", "cart"], "--path cart: a path begins with /"),
        (["--url", "http://a/", "--path", "/"], "--url has a host and a path: give either --url, or --host and --path"),
        (["--url", "http://a/", "-H", "x"], "-H x: write NAME:VALUE, such as -H x-version:2"),
        (["--method", "POST"], "--method and -H say more about the request of --url: give that, too"),
        (["--profile", "none.yaml"], None),
    ],
)
def test_wrong_usage(arguments: list[str], answer: str | None) -> None:
    """What cannot be asked is answered with what to type, and nothing is shown of a site with a wrong profile."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert answer is None or result.stderr.splitlines()[-1] == f"Error: {answer}"
