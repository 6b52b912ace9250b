"""The controller: each state of the cluster is built by egc and served, then the statuses are written back."""

import json
import logging
import threading
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from types import TracebackType
from typing import Any, Self

import click

from tests.conformance import infrastructure, objects
from tests.conformance.objects import Object, Objects
from tests.conformance.site import Site, SiteError

KINDS = (*objects.KINDS["gateway.networking.k8s.io/v1"], "Namespace", "Service", "EndpointSlice", "Secret", "ConfigMap")
"""What egc is given."""

ADDRESSES = IPv4Network("198.18.0.0/15")
"""Of Gateways; a network for tests of devices, https://www.rfc-editor.org/rfc/rfc2544."""

USABLE_ADDRESS = str(ADDRESSES[-2])
"""One that no Gateway is given without asking for it."""

_log = logging.getLogger(__name__)
_QUIET = 0.1
"""Seconds without a change, after which a state counts as whole: manifests are applied object by object."""

Name = tuple[str, str, str]
"""Kind, namespace and name."""
Key = tuple[str, str, int]
"""Kind, UID and generation."""


class ControllerError(click.ClickException):
    """States of the cluster that could not be served; the message holds why."""


class Controller:
    """Works in a thread within ``with``, whose end raises :class:`ControllerError` if a state was not served."""

    def __init__(self, objects: Objects, site: Site) -> None:
        self._objects, self._site = objects, site
        self._addresses: dict[str, str] = {}
        self._given = ""
        self._statuses: dict[Key, Object] = {}
        """By what the object was when it was built."""
        self._published: dict[Key, Object] = {}
        self.failures: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controller")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        if self.failures and error is None:
            raise ControllerError("\n".join(self.failures))

    def _run(self) -> None:
        seen = -1
        while not self._ended.is_set():
            now = self._objects.wait(seen, 1.0)
            while now != seen and not self._ended.is_set():
                seen, now = now, self._objects.wait(now, _QUIET)
            # The next step tries again, and the run has failed: a state was not served, or a status not written.
            try:
                self._step()
            except SiteError as error:
                self._tell(str(error))
            except Exception:  # noqa: BLE001 - whatever it is, the suite would wait for it in vain, and in silence
                self._tell(traceback.format_exc())

    def _tell(self, failure: str) -> None:
        if failure not in self.failures:
            self.failures.append(failure)
            _log.error("%s", failure)

    def _step(self) -> None:
        _, found = self._objects.snapshot(KINDS)
        shown, found["Service"] = infrastructure.parted(found["Service"])
        everything = [item for kind in KINDS for item in found[kind]]
        given = [_without_what_servers_add(item) for item in everything]
        text = json.dumps(given)
        if text != self._given:
            statuses = self._site.serve(given, self._bindings(found["Gateway"]))
            self._show(shown)
            self._given = text
            built = {_name(item): _key(item) for item in everything}
            self._statuses = {built[_name(item)]: item["status"] for item in statuses}
        self._publish(everything)

    def _show(self, present: Iterable[Object]) -> None:
        """Let the cluster see what there is of Gateways."""
        create, delete = infrastructure.differences(infrastructure.services(self._site.bootstrap()), present)
        for item in delete:
            self._objects.delete(item)
        for item in create:
            self._objects.create(item)

    def _publish(self, everything: Iterable[Object]) -> None:
        """Write the statuses that are new; those of objects that have changed since come with the next build."""
        for item in everything:
            key = _key(item)
            wanted = self._statuses.get(key)
            if wanted is None or self._published.get(key) == wanted:
                continue
            status = _dated(wanted, item.get("status"), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            if self._objects.replace_status({**item, "status": status}):
                self._published[key] = wanted

    def _bindings(self, gateways: Iterable[Object]) -> dict[str, list[str]]:
        """An address for each Gateway that leaves the choice to us; it keeps it."""
        told = {}
        for gateway in gateways:
            if all("value" not in address for address in gateway["spec"].get("addresses") or []):
                name = "/".join(_name(gateway)[1:])
                address = self._addresses.setdefault(name, str(ADDRESSES[len(self._addresses) + 1]))
                told[name] = [address]
        return told


def _name(item: Object) -> Name:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _key(item: Object) -> Key:
    return item["kind"], item["metadata"]["uid"], item["metadata"].get("generation", 0)


def _without_what_servers_add(item: Object) -> Object:
    metadata = {
        name: value for name, value in item["metadata"].items() if name not in {"managedFields", "resourceVersion"}
    }
    return {**{name: value for name, value in item.items() if name != "status"}, "metadata": metadata}


def _dated(status: Any, before: Any, now: str) -> Any:
    """The status, with the times at which its conditions became what they are."""
    if isinstance(status, list):
        known = dict(_identified(before or []))
        return [_dated(item, known.get(identity), now) for identity, item in _identified(status)]
    if not isinstance(status, dict):
        return status
    known = before or {}
    dated = {name: _dated(value, known.get(name), now) for name, value in status.items()}
    if "lastTransitionTime" in status:
        kept = known.get("status") == status["status"]
        dated["lastTransitionTime"] = known["lastTransitionTime"] if kept else now
    return dated


def _identified(items: list[Any]) -> Iterator[tuple[str, Any]]:
    """The items of a list, each with what tells it from the others."""
    for item in items:
        names = ("type", "name", "parentRef", "ancestorRef", "controllerName")
        yield json.dumps([item.get(name) for name in names] if isinstance(item, dict) else item), item
