"""Statuses of ListenerSets and their listeners, as the specification wants them."""

from pathlib import Path

import pytest

from tests.statuses import HTTP, JOINED, SERVED, conditions, gateway, listener_set, listeners, lost, told


def test_precedence_of_sets(tmp_path: Path) -> None:
    """The Gateway goes before its sets, and the older set before the younger."""
    own = "{name: own, protocol: HTTP, port: 80, hostname: a.example}"
    site = gateway(own, ", allowedListeners: {namespaces: {from: Same}}")
    old = own.replace("own", "old").replace("a.example", "b.example")
    site += listener_set("young", f"{own.replace('own', 'a')}, {old}, {{name: tcp, protocol: TCP, port: 80}}", 2)
    site += listener_set("old", old) + listener_set("poor", own, 3)
    found = told(site, tmp_path)
    assert found["Gateway", "web"]["attachedListenerSets"] == 1
    assert conditions(listeners(found["Gateway", "web"])["own"]) == SERVED
    assert conditions(found["ListenerSet", "old"]) == {"Accepted=True/Accepted", "Programmed=True/Programmed"}
    assert conditions(listeners(found["ListenerSet", "old"])["old"]) == JOINED
    nothing = {"Accepted=False/ListenersNotValid", "Programmed=False/ListenersNotValid"}
    assert conditions(found["ListenerSet", "young"]) == conditions(found["ListenerSet", "poor"]) == nothing
    young = listeners(found["ListenerSet", "young"])
    assert conditions(young["a"]) == conditions(young["old"]) == lost("HostnameConflict")
    assert conditions(young["tcp"]) == lost("ProtocolConflict")


def test_within_a_set_nobody_wins(tmp_path: Path) -> None:
    """Two listeners of a set that conflict both lose, and what they asked for goes to nobody; others are served."""
    site = gateway(HTTP, ", allowedListeners: {namespaces: {from: Same}}")
    site += listener_set("a", "{name: x, protocol: HTTP, port: 81}, {name: y, protocol: TCP, port: 81}")
    site += listener_set("b", "{name: x, protocol: HTTP, port: 81}, {name: z, protocol: HTTP, port: 82}", 2)
    found = told(site, tmp_path)
    assert {name: conditions(one) for name, one in listeners(found["ListenerSet", "a"]).items()} == {
        "x": lost("ProtocolConflict"),
        "y": lost("ProtocolConflict"),
    }
    assert conditions(found["ListenerSet", "b"]) == {"Accepted=True/ListenersNotValid", "Programmed=True/Programmed"}
    assert conditions(listeners(found["ListenerSet", "b"])["z"]) == JOINED


@pytest.mark.parametrize(
    ("allowed", "near", "far"),
    [
        ("", False, False),
        (", allowedListeners: {namespaces: {from: None}}", False, False),
        (", allowedListeners: {namespaces: {from: Same}}", True, False),
        (", allowedListeners: {namespaces: {from: All}}", True, True),
        (
            (
                ", allowedListeners: {namespaces: {from: Selector, "
                "selector: {matchLabels: {kubernetes.io/metadata.name: far}}}}"
            ),
            False,
            True,
        ),
    ],
)
def test_which_sets_are_let_in(allowed: str, near: bool, far: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    """A Gateway takes the sets of the namespaces that it names, by default none."""
    site = gateway(HTTP, allowed) + listener_set("near", HTTP.replace("80", "81"))
    found = told(site + listener_set("far", HTTP.replace("80", "82"), namespace="far"), tmp_path)
    assert found["Gateway", "web"].get("attachedListenerSets", 0) == near + far
    for name, taken in (("near", near), ("far", far)):
        status = found["ListenerSet", name]
        if taken:
            assert conditions(status) == {"Accepted=True/Accepted", "Programmed=True/Programmed"}
            assert conditions(listeners(status)["http"]) == JOINED
        else:
            assert conditions(status) == {"Accepted=False/NotAllowed", "Programmed=False/NotAllowed"}
            assert "listeners" not in status


def test_a_parent_that_is_not_accepted(tmp_path: Path) -> None:
    """The sets of a Gateway that is not served say so."""
    more = ", addresses: [{type: example.com/rack, value: r7}], allowedListeners: {namespaces: {from: All}}"
    found = told(gateway(HTTP, more) + listener_set("more", HTTP), tmp_path)
    assert conditions(found["Gateway", "web"]) == {"Accepted=False/UnsupportedAddress", "Programmed=False/Invalid"}
    expected = {"Accepted=False/ParentNotAccepted", "Programmed=False/ParentNotProgrammed"}
    assert conditions(found["ListenerSet", "more"]) == expected


def test_the_order_of_documents_does_not_matter(tmp_path: Path) -> None:
    """Seniority decides, not which document comes first."""
    site = gateway("{name: own, protocol: HTTP, port: 80}", ", allowedListeners: {namespaces: {from: Same}}")
    site += gateway("{name: own, protocol: TCP, port: 82}", name="other")
    for i, name in enumerate("abc"):
        site += listener_set(name, f"{{name: x, protocol: HTTP, port: {81 + i // 2}}}", 3 - i)
        site += listener_set(f"{name}-again", "{name: x, protocol: HTTP, port: 81, hostname: a.example}", 3 - i)
    documents = site.split("---\n")[1:]
    expected = told(site, tmp_path)
    for again in (reversed(documents), documents[3:] + documents[:3]):
        assert told("".join(f"---\n{document}" for document in again), tmp_path) == expected


def test_a_listener_at_fault_keeps_its_name(tmp_path: Path) -> None:
    """Nobody takes over the name of a listener whose certificate or selector is wrong."""
    tls = "tls: {certificateRefs: [{name: shop, namespace: certs}]}"
    own = f"{{name: a, protocol: HTTPS, port: 443, hostname: a.example, {tls}}}"
    odd = "{name: b, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: Selector}}}"
    site = gateway(f"{own}, {odd}", ", allowedListeners: {namespaces: {from: Same}}")
    found = told(site + listener_set("more", f"{own.replace(', namespace: certs', '')}, {HTTP}"), tmp_path)
    assert {name: conditions(one) for name, one in listeners(found["ListenerSet", "more"]).items()} == {
        "a": lost("HostnameConflict"),
        "http": lost("HostnameConflict"),
    }
