"""Statuses of what has to do with TLS: policies for backends, CA certificates, certificates of clients."""

from typing import Any

import yaml

from tests.case import FIXTURES, load

Conditions = dict[str, tuple[str, str]]


def statuses(case: str) -> dict[str, Any]:
    """The statuses of a case, by kind and name."""
    text = load(FIXTURES / "features" / case).build().files["status.yaml"]
    return {f"{entry['kind']}/{entry['metadata']['name']}": entry["status"] for entry in yaml.safe_load(text)}


def told(status: dict[str, Any]) -> Conditions:
    """Status and reason of each condition."""
    return {found["type"]: (found["status"], found["reason"]) for found in status["conditions"]}


def policy(found: dict[str, Any], name: str) -> Conditions:
    """The conditions of a BackendTLSPolicy with one ancestor."""
    (ancestor,) = found[f"BackendTLSPolicy/{name}"]["ancestors"]
    assert ancestor["ancestorRef"]["name"] == "web"
    assert ancestor["controllerName"] == "gateway.envoyproxy.io/gatewayclass-controller"
    return told(ancestor)


def listeners(found: dict[str, Any], gateway: str = "web") -> dict[str, Conditions]:
    """The conditions of each listener of a Gateway."""
    return {listener["name"]: told(listener) for listener in found[f"Gateway/{gateway}"]["listeners"]}


def test_the_older_policy_wins() -> None:
    """One of two policies on a target is accepted; one that names a port stands beside it."""
    found = statuses("backend_tls/conflict")
    good = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}
    assert policy(found, "b-older") == good
    assert policy(found, "a-younger") == good | {"Accepted": ("False", "Conflicted")}
    assert policy(found, "admin") == good


def test_policies_that_cannot_be_honoured() -> None:
    """What is wrong with a policy, and what that means for the route."""
    found = statuses("backend_tls/broken")
    no_certificate = ("False", "NoValidCACertificate")
    missing = ("False", "InvalidCACertificateRef")
    assert policy(found, "missing") == {"Accepted": no_certificate, "ResolvedRefs": missing}
    assert policy(found, "kind") == {"Accepted": no_certificate, "ResolvedRefs": ("False", "InvalidKind")}
    assert policy(found, "partly") == {"Accepted": ("True", "Accepted"), "ResolvedRefs": missing}
    assert policy(found, "unknown")["Accepted"] == ("False", "Invalid")
    assert policy(found, "options")["Accepted"] == ("False", "Invalid")
    assert policy(found, "section")["Accepted"] == ("False", "TargetNotFound")
    for name in ("missing", "section", "half"):
        (parent,) = found[f"HTTPRoute/{name}"]["parents"]
        assert told(parent) == {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("False", "InvalidBackendTLS")}
    (parent,) = found["HTTPRoute/partly"]["parents"]
    assert told(parent)["ResolvedRefs"] == ("True", "ResolvedRefs")


def test_a_policy_without_routes_has_no_ancestors() -> None:
    """Ancestors are the Gateways whose routes lead to the backend, each with the section that the parentRef names."""
    found = statuses("backend_tls/protocols")
    ancestors = found["BackendTLSPolicy/shop"]["ancestors"]
    sections = [ancestor["ancestorRef"].get("sectionName") for ancestor in ancestors]
    assert sorted(section or "" for section in sections) == ["", "tcp", "through"]


def test_clients_that_cannot_be_checked() -> None:
    """Only listeners whose own check does not work are down, each with its reason."""
    found = statuses("frontend_tls/broken")
    good = ("True", "Programmed")
    conditions = listeners(found)
    assert {name: told["Programmed"] for name, told in conditions.items()} == {
        "default": ("False", "InvalidCACertificateRef"),
        "missing": ("False", "InvalidCACertificateRef"),
        "kind": ("False", "InvalidCACertificateKind"),
        "grant": ("False", "RefNotPermitted"),
        "partly": ("False", "InvalidCACertificateRef"),
        "free": good,
        "http": good,
    }
    for name in ("default", "missing", "kind", "grant"):
        assert conditions[name]["Accepted"] == ("False", "NoValidCACertificate")
        assert conditions[name]["ResolvedRefs"] == conditions[name]["Programmed"]
    assert conditions["partly"]["ResolvedRefs"] == ("False", "InvalidCACertificateRef")
    assert told(found["Gateway/web"])["ResolvedRefs"][0] == "False"


def test_clients_that_need_no_certificate() -> None:
    """The Gateway says so."""
    found = told(statuses("frontend_tls/fallback")["Gateway/web"])
    assert found["InsecureFrontendValidationMode"] == ("True", "ConfigurationChanged")
    assert found["ResolvedRefs"] == ("True", "ResolvedRefs")
    assert "InsecureFrontendValidationMode" not in told(statuses("frontend_tls/ports")["Gateway/web"])


def test_client_certificates() -> None:
    """A certificate for backends that cannot be had is the Gateway's fault, not its listeners'."""
    found = statuses("client_certificate/broken")
    assert told(found["Gateway/web"])["ResolvedRefs"] == ("False", "InvalidClientCertificateRef")
    assert told(found["Gateway/other"])["ResolvedRefs"] == ("False", "RefNotPermitted")
    assert told(found["Gateway/web"])["Programmed"] == ("True", "Programmed")
    assert listeners(found)["http"]["Programmed"] == ("True", "Programmed")
    sound = statuses("client_certificate/gateways")
    assert told(sound["Gateway/one"])["ResolvedRefs"] == ("True", "ResolvedRefs")
    assert "ResolvedRefs" not in told(sound["Gateway/none"])
