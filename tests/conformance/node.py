"""The one node of the cluster, and the controllers of what it runs: ready Pods for Deployments, EndpointSlices."""

import contextlib
import datetime
import logging
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import click

from tests.conformance import endpoints, workloads
from tests.conformance.kubelet import Kubelet, registered
from tests.conformance.network import Network
from tests.conformance.objects import Object
from tests.conformance.pods import Pod, Process, State
from tests.conformance.unsupported import UnsupportedError

NAME = "conformance"
_KINDS = ("Deployment", "Pod", "Service", "Secret", "ConfigMap", "EndpointSlice")
_IDLE, _BUSY = 1.0, 0.02
"""Seconds between two looks at processes, the second while one of them starts."""

_log = logging.getLogger(__name__)


class NodeError(click.ClickException):
    """Something was asked of the node that it could not do; the message holds all of it."""


class Cluster(Protocol):
    """What the node needs of the API server; see `objects.Objects`."""

    def snapshot(self, kinds: Iterable[str]) -> tuple[int, dict[str, list[Object]]]:
        """All objects of some kinds at one moment, and its revision."""

    def wait(self, seen: int, timeout: float) -> int:
        """Block until something differs from revision *seen*, for *timeout* seconds at most."""

    def create(self, body: Object) -> Object | None:
        """None if there is one of its name."""

    def replace(self, body: Object) -> Object | None:
        """None if it is gone, or has changed since."""

    def replace_status(self, body: Object) -> Object | None:
        """None if it is gone, or has changed since."""

    def delete(self, body: Object) -> None:
        """Delete it at once, if it is there."""


class Node:
    """The node, within ``with``, whose end raises :class:`NodeError` if anything in `failures` went wrong.

    *programs* is the folder of the images' programs, *folder* an empty one for volumes. Nothing waits for anything:
    each step compares all that there is with all that there should be.
    """

    def __init__(self, cluster: Cluster, programs: Path, folder: Path) -> None:
        self.failures: list[str] = []
        self._cluster, self._programs, self._folder = cluster, programs.resolve(), folder.resolve()
        self._network = Network()
        self._open = contextlib.ExitStack()
        self._pods: dict[str, Pod] = {}
        self._written: dict[str, tuple[State, str]] = {}
        self._ending: list[Process] = []
        self._stops = False
        self._thread = threading.Thread(target=self._run, name="node", daemon=True)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._network)
            stack.enter_context(Kubelet(self.logs, self._folder))
            self._cluster.create(registered(NAME))
            self._thread.start()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stops = True
        self._thread.join()
        for uid in list(self._pods):
            self._end(uid)
        for process in self._ending:
            process.join()
        self._open.close()
        if self.failures and error is None:
            raise NodeError("\n".join(self.failures))

    def logs(self, namespace: str, name: str, container: str, since: datetime.datetime | None) -> bytes | None:
        """What a container said from a time on; None if there is no such container."""
        for pod in list(self._pods.values()):
            metadata, spec = pod.item["metadata"], pod.item["spec"]
            if (metadata["namespace"], metadata["name"]) == (namespace, name) and pod.process is not None:
                return pod.process.said(since) if container == spec["containers"][0]["name"] else None
        return None

    def _run(self) -> None:
        while not self._stops:
            seen, now = self._cluster.snapshot(_KINDS)
            # The next step tries again.
            with self._told(Exception):
                self._deploy(now)
                self._serve(now)
                self._connect(now)
            starts = any(pod.state is State.STARTING for pod in list(self._pods.values()))
            self._cluster.wait(seen, _BUSY if starts else _IDLE)

    def _deploy(self, now: Mapping[str, list[Object]]) -> None:
        """Create and delete the Pod objects of Deployments."""
        wanted: list[Object] = []
        for deployment in now["Deployment"]:
            with self._told(UnsupportedError):
                wanted += workloads.pods(deployment, NAME)
        create, delete = workloads.differences(wanted, now["Pod"])
        for pod in delete:
            self._cluster.delete(pod)
        for pod in create:
            self._cluster.create(pod)

    def _serve(self, now: Mapping[str, list[Object]]) -> None:
        """Start and end the processes of the Pods that are bound to this node, and say how they are."""
        bound = {pod["metadata"]["uid"]: pod for pod in now["Pod"] if pod["spec"].get("nodeName") == NAME}
        for uid in self._pods.keys() - bound.keys():
            self._end(uid)
        for uid, item in bound.items():
            pod = self._pods.setdefault(uid, Pod(item, self._folder))
            pod.item = item
            state = pod.advance([*now["Secret"], *now["ConfigMap"]], self._programs, self._network)
            if state is State.FAILED:
                self._tell(f"Pod {item['metadata']['namespace']}/{item['metadata']['name']}: {pod.why}")
            said = state, pod.why
            # Between waiting and ready there is nothing to say.
            news = state is not State.STARTING and self._written.get(uid) != said
            if news and self._cluster.replace_status({**item, "status": pod.status()}):
                self._written[uid] = said

    def _connect(self, now: Mapping[str, list[Object]]) -> None:
        """Create, replace and delete the EndpointSlices of Services."""
        wanted = []
        for service in now["Service"]:
            with self._told(UnsupportedError):
                wanted.append(endpoints.slice_of(service, now["Pod"]))
        create, replace, delete = endpoints.differences(filter(None, wanted), now["EndpointSlice"])
        for item in delete:
            self._cluster.delete(item)
        for item in create:
            self._cluster.create(item)
        for item in replace:
            self._cluster.replace(item)

    def _end(self, uid: str) -> None:
        pod = self._pods.pop(uid)
        self._written.pop(uid, None)
        pod.end()
        self._ending = [process for process in (*self._ending, pod.process) if process and process.is_running]

    @contextlib.contextmanager
    def _told(self, kind: type[Exception]) -> Iterator[None]:
        try:
            yield
        except kind as error:
            detail = "" if isinstance(error, UnsupportedError) else traceback.format_exc()
            self._tell(f"{error}\n{detail}".rstrip())

    def _tell(self, failure: str) -> None:
        if failure not in self.failures:
            self.failures.append(failure)
            _log.error("%s", failure)
