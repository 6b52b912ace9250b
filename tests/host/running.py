"""A site that runs: certificates, an upstream, a bundle and the supervisor, below a folder of its own."""

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from egc_host.certificates.lineage import publish
from egc_host.supervisor.client import NotRunning

from tests.host.backend import Backend
from tests.host.bundles import Layout, make_bundle
from tests.host.load.connection import Target
from tests.host.supervised import Supervised
from tests.host.variants import Change, changed
from tests.serve.certificates import throwaway

_PATIENCE = 60.0
"""Seconds until a state that does not come is given up."""


class Running:
    """The site, while the context is open. Its hostnames are ``<lineage>.test``.

    *settings* are of host.json's ``envoy``; *seconds* the drain and parent shutdown time.
    """

    def __init__(
        self,
        *,
        reload: str = "hot-restart",
        lineages: tuple[str, ...] = ("site",),
        seconds: tuple[int, int] = (2, 3),
        settings: Mapping[str, Any] | None = None,
        changes: tuple[Change, ...] = (),
    ) -> None:
        self._stack = contextlib.ExitStack()
        self._reload, self._lineages, self.changes = reload, lineages, changes
        times = {"drainTime": seconds[0], "parentShutdownTime": seconds[1]}
        self._settings = {"concurrency": 2, **times, **(settings or {})}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="egc-")))  # short: holds sockets
            names = {lineage: [f"{lineage}.test"] for lineage in self._lineages}
            backend = stack.enter_context(Backend())
            self.layout = Layout(folder, backend=backend.port, lineages=names, reload=self._reload)
            self.layout.envoy = dict(self._settings)
            self.prepare()
            for lineage in self._lineages:
                self.renew(lineage)
            self.supervised = Supervised(self.layout)
            self.switch(self.bundle("v0"))
            stack.enter_context(self.supervised)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def prepare(self) -> None:
        """What is to be done before the first bundle is made."""

    @property
    def http(self) -> Target:
        """The HTTP listener, for the first lineage's name."""
        return Target(self.layout.http, f"{self._lineages[0]}.test")

    @property
    def https(self) -> Target:
        """The HTTPS listener, for the first lineage's name."""
        return Target(self.layout.https, f"{self._lineages[0]}.test", tls=True)

    def bundle(self, version: str, *changes: Change) -> Path:
        """A bundle whose answers carry *version*."""
        bundle = make_bundle(self.layout, version)
        made = (*self.changes, *changes)
        return changed(bundle, *made) if made else bundle

    @property
    def current(self) -> Path:
        """The link to the bundle that the supervisor is to serve."""
        return self.layout.root / "current"

    def switch(self, bundle: Path) -> None:
        """Make *bundle* the one that the next reload takes."""
        self.supervised.offer(bundle)

    def reload(self) -> dict[str, Any]:
        """Reload and return the verdict."""
        return self.supervised.reload()

    def deploy(self, version: str, *changes: Change) -> dict[str, Any]:
        """Reload to a new bundle and return the verdict."""
        self.switch(self.bundle(version, *changes))
        return self.reload()

    def renew(self, lineage: str) -> None:
        """Publish a new self-signed pair, as certbot's deploy hook does."""
        with tempfile.TemporaryDirectory(prefix="egc-") as folder:
            chain, key = throwaway(Path(folder), self.layout.lineages[lineage])
            publish((chain.read_bytes(), key.read_bytes()), self.layout.certificates / lineage, None)

    def status(self) -> dict[str, Any]:
        """What the supervisor says of itself; nothing while it cannot be asked."""
        try:
            return self.supervised.status()
        except NotRunning:
            return {}

    def until(self, condition: Callable[[dict[str, Any]], object], seconds: float = _PATIENCE) -> dict[str, Any]:
        """Wait for a status that satisfies *condition*; TimeoutError with the supervisor's log if none comes."""
        deadline = time.monotonic() + seconds
        while not condition(status := self.status()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"status {json.dumps(status)}, and the supervisor said\n{self.supervised.logged()}")
            time.sleep(0.02)
        return status

    def drained(self) -> dict[str, Any]:
        """Wait until one generation serves and none drains."""
        return self.until(lambda status: status.get("state") == "serving" and not status["draining"])
