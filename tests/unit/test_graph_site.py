"""What stands in a picture of a site: everything that serves, and in red what does not, with the reason."""

import base64
import dataclasses
import re
from html import escape
from pathlib import Path

import pytest

from egc.diagnostics import Severity
from egc.diagnostics.printable import printable
from egc.pictures import forms
from egc.pictures.model import Card, Picture, Role
from egc.pictures.site import draw
from tests.drawn import EVERY_KIND, PROFILE, compiled, picture
from tests.generated_docs import ROOT

RULES = ROOT / "fixtures" / "rules"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """The site of drawn.yaml."""
    return picture(EVERY_KIND, tmp_path_factory.mktemp("drawn"), PROFILE)


def card(drawn: Picture, kind: str, name: str) -> Card:
    """The only card of that kind and name."""
    (found,) = [one for one in drawn.cards.values() if (one.kind, one.name) == (kind, name)]
    return found


def arrows(drawn: Picture) -> set[str]:
    """Every arrow: from the card to the card, with the rows; ``-x`` where it is broken."""
    found = set()
    for arrow in drawn.arrows:
        ends = []
        for end in (arrow.tail, arrow.head):
            one = drawn.cards[end.card]
            ends.append(f"{one.kind} {one.name}" + (f"/{end.row}" if end.row else ""))
        line = ("-x" if arrow.broken else "->") + (f" {arrow.label}" if arrow.label else "")
        found.add(f"{ends[0]} {'governs ' if arrow.governs else ''}{line} {ends[1]}")
    return found


def test_from_class_to_listener(drawn: Picture) -> None:
    """A Gateway has a row for each listener, with port, protocol and hostname."""
    gateway = card(drawn, "Gateway", "edge")
    assert [(row.text, row.detail) for row in gateway.rows.values()] == [
        ("http", ":8080 HTTP *"),
        ("https", ":8443 HTTPS *.example.com"),
        ("passthrough", ":9443 TLS *"),
        ("postgres", ":5432 TCP *"),
        ("dns", ":5353 UDP *"),
        ("faulty", ":8444 HTTPS *"),
    ]
    assert {
        "GatewayClass eg -> Gateway edge",
        "Gateway edge -> ListenerSet team",
        "Secret wildcard -> Gateway edge/https",
        "Secret team -> ListenerSet team/shop",
    } <= arrows(drawn)


def test_routes_of_every_kind(drawn: Picture) -> None:
    """Each route is led to by the listeners that it is attached to, and its rules lead to backends with shares."""
    assert {
        "Gateway edge/http -> HTTPRoute to-https",
        "Gateway edge/https -> HTTPRoute shop",
        "ListenerSet team/shop -> HTTPRoute shop",
        "Gateway edge/https -> GRPCRoute orders",
        "Gateway edge/passthrough -> TLSRoute vault",
        "Gateway edge/postgres -> TCPRoute postgres",
        "Gateway edge/dns -> UDPRoute dns",
        "HTTPRoute shop/cart -> 90 % Service cart/8000",
        "GRPCRoute orders/0 -> Service cart/8000",
        "TLSRoute vault/0 -> Service vault/8200",
        "TCPRoute postgres/0 -> Service postgres/5432",
        "UDPRoute dns/0 -> Service dns/53",
    } <= arrows(drawn)
    shop = card(drawn, "HTTPRoute", "shop")
    assert shop.details == ["shop.example.org", "www.example.com"]
    assert [(row.text, row.detail) for row in shop.rows.values()] == [
        ("/cart", "cart"),
        ("GET ~ /item/[0-9]+ x-beta=1 or 1 more", "request headers"),
    ]
    assert [row.text for row in card(drawn, "GRPCRoute", "orders").rows.values()] == ["shop.Orders/Place"]


def test_backends_with_their_endpoints(drawn: Picture) -> None:
    """A backend says where it listens; of many endpoints, how many more there are."""
    assert card(drawn, "Service", "cart").rows["8000"].detail == (
        "10.0.0.1:8000, 10.0.0.2:8000, 10.0.0.3:8000 and 1 more"
    )
    assert card(drawn, "Service", "postgres").rows["5432"].detail == "/run/postgres.sock"
    assert card(drawn, "Service", "dns").rows["53"].detail == "[::1]:5300"


def test_policies_and_what_they_govern(drawn: Picture) -> None:
    """From a policy to the listener, the route, the rule or the backend."""
    assert {
        "SecurityPolicy cors governs -> HTTPRoute shop",
        "ClientTrafficPolicy timeouts governs -> Gateway edge/https",
        "BackendTrafficPolicy slow governs -> HTTPRoute shop/cart",
        "BackendTLSPolicy verified governs -> Service cart",
    } <= arrows(drawn)
    assert card(drawn, "BackendTLSPolicy", "verified").details == ["cart.internal"]


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("Gateway", "edge", '"ConfigMap" of group "" is not a Secret'),
        ("HTTPRoute", "shop", 'Service "catalogue" does not exist in namespace "shop"'),
        ("HTTPRoute", "lost", 'Gateway "nowhere" does not exist in namespace "data"'),
        ("HTTPRoute", "unheard", 'Gateway "edge" has no listener "telnet"'),
        ("HTTPRoute", "unreadable", 'unknown field "rulez"'),
        ("HTTPRoute", "guarded", 'policy "shop/misspelt" cannot be honoured, so nothing passes'),
        ("SecurityPolicy", "misspelt", 'unknown field "basicauth"'),
        ("SecurityPolicy", "aimless", 'HTTPRoute "nobody" does not exist in namespace "shop"'),
    ],
)
def test_what_is_broken_says_why(drawn: Picture, kind: str, name: str, reason: str) -> None:
    """The reason stands on the card, or on the row at fault, once."""
    found = card(drawn, kind, name)
    reasons = [*found.errors, *(error for row in found.rows.values() for error in row.errors)]
    assert found.broken and reasons.count(reason) == 1


def test_what_is_sound_is_not_red(drawn: Picture) -> None:
    """A fault is no fault of its neighbours."""
    broken = {(one.kind, one.name) for one in drawn.cards.values() if one.broken and not one.missing}
    assert broken == {
        ("Gateway", "edge"),
        *(("HTTPRoute", name) for name in ("shop", "lost", "unheard", "unreadable", "guarded")),
        *(("SecurityPolicy", name) for name in ("aimless", "misspelt")),
    }
    assert [key for key, row in card(drawn, "Gateway", "edge").rows.items() if row.errors] == ["faulty"]
    assert [key for key, row in card(drawn, "HTTPRoute", "shop").rows.items() if row.errors] == ["1"]


def test_what_is_missing(drawn: Picture) -> None:
    """A reference to nothing leads to a card that says so, by a red arrow."""
    missing = {(one.kind, one.name) for one in drawn.cards.values() if one.missing}
    assert missing == {
        ("ConfigMap", "nothing"),
        ("Service", "catalogue"),
        ("Gateway", "nowhere"),
        ("listener", "edge/telnet"),
        ("HTTPRoute", "nobody"),
    }
    assert {
        "ConfigMap nothing -x Gateway edge/faulty",
        "HTTPRoute shop/1 -x Service catalogue",
        "Gateway nowhere -x HTTPRoute lost",
        "listener edge/telnet -x HTTPRoute unheard",
        "SecurityPolicy aimless governs -x HTTPRoute nobody",
        "SecurityPolicy misspelt governs -x HTTPRoute guarded",
        "Gateway edge -x HTTPRoute unreadable",
    } <= arrows(drawn)


def test_red_in_every_form(drawn: Picture) -> None:
    """What is broken is red in the output, with its reason; what is not is not."""
    svg = forms.document(drawn, "svg", "")
    assert re.search(r'<g class="card route broken"[^>]*><title>HTTPRoute data/lost', svg)
    assert re.search(r'<g class="card route"[^>]*><title>GRPCRoute shop/orders', svg)
    dot = forms.document(drawn, "dot", "")
    assert re.search(r'<B>lost</B><BR/><FONT COLOR="#dc2626">Gateway &quot;nowhere&quot; does not exist', dot)
    mermaid = forms.document(drawn, "mmd", "")
    assert re.search(r'n\d+\["<i>HTTPRoute</i><br><b>lost</b><br>✗ Gateway #34;nowhere#34; .*"\]:::broken', mermaid)
    assert re.search(r'n\d+\["<i>GRPCRoute</i><br><b>orders</b>.*"\]:::route', mermaid)


def test_objects_know_their_lines(drawn: Picture) -> None:
    """A page leads from a card to the file."""
    lines = EVERY_KIND.splitlines()
    for one in drawn.cards.values():
        if one.where and not one.missing:
            assert f"name: {one.name}" in lines[int(one.where.rpartition(":")[2]) - 1]


def test_no_secret_is_drawn(tmp_path: Path) -> None:
    """No form holds a value of a Secret."""
    value = base64.b64encode(b"very secret").decode()
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: wildcard, namespace: infra}\n"
    secret += (
        f"type: kubernetes.io/tls\ndata: {{tls.crt: {value}, tls.key: {value}}}\nstringData: {{more: concealed}}\n"
    )
    found = picture(f"{EVERY_KIND}\n{secret}", tmp_path, PROFILE)
    assert card(found, "Gateway", "edge").rows["https"].errors
    for form in forms.FORMS:
        text = forms.document(found, form, "")
        assert value not in text and "very secret" not in text and "concealed" not in text


def test_every_role_has_a_place_in_the_order(drawn: Picture) -> None:
    """Cards come in the order of their roles, then by namespace, kind and name, numbers as numbers."""
    roles = [one.role for one in drawn.cards.values()]
    assert roles == sorted(roles, key=list(Role).index)
    names = ["app-2", "app-10", "app-10b", "b"]
    cards = {name: Card(name, Role.ROUTE, "HTTPRoute", name) for name in reversed(names)}
    assert list(dataclasses.replace(drawn, cards=cards, arrows={}).ordered().cards) == names


def test_errors_of_what_is_not_drawn(drawn: Picture) -> None:
    """A page lists them, too."""
    (found,) = drawn.elsewhere
    assert re.search(r"site\.yaml:\d+: networking\.k8s\.io/v1 Ingress is not supported$", found)
    assert "Ingress is not supported" in forms.document(drawn, "html", "")


@pytest.mark.slow
def test_whatever_is_wrong_can_be_drawn(tmp_path: Path) -> None:
    """Each diagnostic's own example becomes a picture, and what an object is blamed for stands in it."""
    for file in sorted(RULES.glob("EGC2*/bad.yaml")):
        built, sink = compiled(file.read_text(encoding="utf-8"), tmp_path)
        found = draw(built.graph, built.policies, built.plan, sink.sorted())
        shown = forms.document(found, "dot", "", unfold=True)
        for form in forms.FORMS:
            forms.document(found, form, file.parent.name)
        for diagnostic in sink.sorted():
            if diagnostic.severity is Severity.ERROR and not any(
                diagnostic.message in text for text in found.elsewhere
            ):
                assert escape(printable(diagnostic.message)) in shown, file
