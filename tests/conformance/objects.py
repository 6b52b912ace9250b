"""The objects of an API server, kept at hand as they change."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import urllib3
from kubernetes import client, config
from kubernetes.dynamic import DynamicClient, Resource
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

Object = dict[str, Any]
"""An object as the API server has it."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "v1": ("Namespace", "Service", "Secret", "ConfigMap", "Pod", "Node"),
    "apps/v1": ("Deployment",),
    "discovery.k8s.io/v1": ("EndpointSlice",),
    "gateway.networking.k8s.io/v1": (
        "GatewayClass",
        "Gateway",
        "ListenerSet",
        "HTTPRoute",
        "GRPCRoute",
        "TLSRoute",
        "TCPRoute",
        "UDPRoute",
        "BackendTLSPolicy",
        "ReferenceGrant",
    ),
}
"""What is watched, by its version."""

_WATCHED, _PAUSE = 600, 0.2
"""Seconds that a watch lasts, and between one that failed and the next."""

_log = logging.getLogger(__name__)


class Objects:
    """Every object of :data:`KINDS`, followed by watches within ``with``. Any thread may call its methods."""

    def __init__(self, kubeconfig: Path) -> None:
        api = config.new_client_from_config(str(kubeconfig))
        api.configuration.connection_pool_maxsize = 64
        self._client = DynamicClient(client.ApiClient(api.configuration), str(kubeconfig.with_name("discovery.json")))
        self._found: dict[str, dict[str, Object]] = {}
        self._changed = threading.Condition()
        self._revision = 0
        self._ended = False
        self._resources = {kind: self._resource(version, kind) for version, kinds in KINDS.items() for kind in kinds}

    def __enter__(self) -> Self:
        """Read everything once, then in threads what changes."""
        for kind, resource in self._resources.items():
            version = self._read(kind, resource)
            threading.Thread(target=self._watch, args=(kind, resource, version), name=kind, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind, by namespace and name; not to be changed."""
        return self.snapshot([kind])[1][kind]

    def snapshot(self, kinds: Iterable[str]) -> tuple[int, dict[str, list[Object]]]:
        """All objects of some kinds at one moment, and its revision."""
        with self._changed:
            return self._revision, {
                kind: [self._found[kind][key] for key in sorted(self._found[kind])] for kind in kinds
            }

    def wait(self, seen: int, timeout: float) -> int:
        """Block until something differs from revision *seen*, for *timeout* seconds at most; the revision now."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision != seen, timeout)
            return self._revision

    def create(self, body: Object) -> Object | None:
        """The object as created; None if there is one of its name."""
        return self._do("create", body)

    def replace(self, body: Object) -> Object | None:
        """The object as replaced; None if it is gone, or has changed since."""
        return self._do("replace", body)

    def replace_status(self, body: Object) -> Object | None:
        """The object with this status; None if it is gone, or has changed since."""
        return self._do("replace", body, status=True)

    def delete(self, body: Object) -> None:
        """Delete it at once, if it is there."""
        resource, namespace = self._place(body)
        try:
            self._client.delete(
                resource, name=body["metadata"]["name"], namespace=namespace, body={"gracePeriodSeconds": 0}
            )
        except NotFoundError:
            return

    def _do(self, verb: Literal["create", "replace"], body: Object, *, status: bool = False) -> Object | None:
        resource, namespace = self._place(body)
        target = resource.subresources["status"] if status else resource
        call: Callable[..., urllib3.HTTPResponse] = getattr(self._client, verb)
        try:
            done: Object = call(target, body=body, namespace=namespace, serialize=False).json()
        except (ConflictError, NotFoundError):
            return None
        return done

    def _place(self, body: Object) -> tuple[Resource, str | None]:
        resource = self._resources.get(body["kind"]) or self._resource(body["apiVersion"], body["kind"])
        return resource, body["metadata"].get("namespace")

    def _resource(self, version: str, kind: str) -> Resource:
        return self._client.resources.get(api_version=version, kind=kind)

    def _read(self, kind: str, resource: Resource) -> str:
        """List a kind; the version to watch it from."""
        listed = self._client.get(resource, serialize=False).json()
        found = {_key(item): {"apiVersion": resource.group_version, "kind": kind, **item} for item in listed["items"]}
        with self._changed:
            self._found[kind] = found
            self._step()
        return str(listed["metadata"]["resourceVersion"])

    def _watch(self, kind: str, resource: Resource, version: str | None) -> None:
        while not self._ended:
            try:
                version = version or self._read(kind, resource)
                # Without a timeout the client would go on by itself, from the version that it began with.
                for event in self._client.watch(resource, resource_version=version, timeout=_WATCHED):
                    self._take(kind, event["type"], event["raw_object"])
            except Exception as error:  # noqa: BLE001 - a thread that ended would leave everybody with old objects
                # Too old a version to go on from, a connection that broke within a line, or no server at all.
                if not self._ended:
                    _log.warning("%s: watched anew after %r", kind, error)
                    time.sleep(_PAUSE)
            version = None

    def _take(self, kind: str, change: str, item: Object) -> None:
        if change not in {"ADDED", "MODIFIED", "DELETED"}:
            return
        with self._changed:
            if change == "DELETED":
                self._found[kind].pop(_key(item), None)
            else:
                self._found[kind][_key(item)] = item
            self._step()

    def _step(self) -> None:
        self._revision += 1
        self._changed.notify_all()


def _key(item: Object) -> str:
    metadata = item["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"
