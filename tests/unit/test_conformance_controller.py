"""The controller of the conformance suite's cluster, with objects and a site that remember what is done to them."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pytest

from egc.features.infrastructure import METADATA
from tests.conformance import infrastructure
from tests.conformance.controller import KINDS, Controller, ControllerError
from tests.conformance.objects import Object
from tests.conformance.site import SiteError

_OLD = "2001-01-01T00:00:00Z"


def _condition(type: str, status: str, time: str = "1970-01-01T00:00:00Z") -> Object:
    return {"type": type, "status": status, "lastTransitionTime": time}


def _gateway(**more: Any) -> Object:
    metadata = {"namespace": "infra", "name": "web", "uid": "1", "generation": 2, "resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "Gateway", "metadata": metadata, "spec": {}, **more}


class _Objects:
    """One Gateway, which changes as often as it is asked to."""

    def __init__(self, gateway: Object) -> None:
        self.gateway, self.revision = gateway, 0
        self.written: list[Object] = []
        self.trouble = 0
        self.changed = threading.Condition()

    def snapshot(self, kinds: Iterable[str]) -> tuple[int, dict[str, list[Object]]]:
        return self.revision, {kind: [self.gateway] if kind == "Gateway" else [] for kind in kinds}

    def wait(self, seen: int, timeout: float) -> int:
        with self.changed:
            self.changed.wait_for(lambda: self.revision != seen, min(timeout, 0.05))
            return self.revision

    def replace_status(self, body: Object) -> Object:
        if self.trouble:
            self.trouble -= 1
            raise OSError("out of order")
        self.written.append(body)
        with self.changed:
            self.gateway, self.revision = body, self.revision + 1
            self.changed.notify_all()
        return body


class _Site:
    def __init__(self, status: Object, refusal: str = "") -> None:
        self.status, self.refusal = status, refusal
        self.given: list[list[Object]] = []
        self.addresses: list[Mapping[str, list[str]]] = []
        self.asked = threading.Event()

    def serve(self, objects: Iterable[Object], addresses: Mapping[str, list[str]]) -> list[Object]:
        self.given.append(list(objects))
        self.addresses.append(addresses)
        self.asked.set()
        if self.refusal:
            raise SiteError(self.refusal)
        return [{"kind": "Gateway", "metadata": {"namespace": "infra", "name": "web"}, "status": self.status}]

    def bootstrap(self) -> Object:
        return {}


def _run(objects: _Objects, site: _Site) -> None:
    with Controller(cast("Any", objects), cast("Any", site)):
        assert site.asked.wait(10)
        objects.wait(0, 0.05)
        objects.wait(1, 0.05)
        while objects.trouble or (site.status and not site.refusal and not objects.written):
            objects.wait(objects.revision, 0.05)


def test_status() -> None:
    """A status is written once, with the times at which its conditions became what they are."""
    before = {"conditions": [_condition("Accepted", "True", _OLD), _condition("Programmed", "False", _OLD)]}
    objects = _Objects(_gateway(status=before))
    site = _Site({"conditions": [_condition("Programmed", "True"), _condition("Accepted", "True")]})
    _run(objects, site)
    (written,) = objects.written
    times = {found["type"]: found["lastTransitionTime"] for found in written["status"]["conditions"]}
    assert times["Accepted"] == _OLD
    assert times["Programmed"] > _OLD
    assert written["metadata"]["resourceVersion"] == "7", "the server refuses it if the object has changed"


def test_given() -> None:
    """egc sees objects as somebody wrote them, and builds a state once, whatever its statuses become."""
    site = _Site({"conditions": []})
    _run(_Objects(_gateway(status={"conditions": [_condition("Accepted", "True")]})), site)
    ((gateway,),) = site.given
    assert "status" not in gateway
    assert gateway["metadata"] == {"namespace": "infra", "name": "web", "uid": "1", "generation": 2}
    assert site.addresses == [{"infra/web": ["198.18.0.1"]}]


def test_own_address() -> None:
    """A Gateway that asks for an address gets no other."""
    site = _Site({})
    _run(_Objects(_gateway(spec={"addresses": [{"type": "IPAddress", "value": "198.18.9.9"}]})), site)
    assert site.addresses == [{}]


def test_not_served() -> None:
    """No status is written of what is not served, and the run fails."""
    objects = _Objects(_gateway())
    with pytest.raises(ControllerError, match="Envoy refuses it"):
        _run(objects, _Site({"conditions": []}, "Envoy refuses it"))
    assert objects.written == []


def test_trouble_is_told_once_and_gone_on_from() -> None:
    """A server that fails for a moment does not end the controller; but the run has failed."""
    objects = _Objects(_gateway())
    objects.trouble = 2
    with pytest.raises(ControllerError, match="out of order") as told:
        _run(objects, _Site({"conditions": []}))
    assert len(objects.written) == 1
    assert str(told.value).count("Traceback") == 1


def test_kinds() -> None:
    """Whatever the suite may change reaches egc."""
    assert {"Gateway", "ListenerSet", "BackendTLSPolicy", "ReferenceGrant", "EndpointSlice", "Secret"} < set(KINDS)


def test_infrastructure() -> None:
    """A Gateway's labels are shown as the listeners have them: no more, no less, and anew when they change."""
    said = {"labels": {infrastructure.GATEWAY_NAME: "web", "team": "a"}, "annotations": {"owner": "b"}}
    listener = {"metadata": {"filter_metadata": {METADATA: {"infra/web": said}}}}
    (shown,) = infrastructure.services({"static_resources": {"listeners": [{}, listener, listener]}})
    assert shown["metadata"] == {"namespace": "infra", "name": "egc-web", **said}
    assert infrastructure.differences([shown], []) == ([shown], [])
    assert infrastructure.differences([shown], [shown]) == ([], [])
    other = {**shown, "metadata": {**shown["metadata"], "annotations": {}}}
    assert infrastructure.differences([other], [shown]) == ([other], [shown])
    assert infrastructure.differences([], [shown]) == ([], [shown])
    foreign = {"metadata": {"namespace": "infra", "name": "egc-web"}}
    assert infrastructure.parted([foreign, shown]) == ([shown], [foreign])
