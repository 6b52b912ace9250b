"""``python -m tests.conformance``: run the suite, print a table by profile, and write the report."""

import contextlib
import errno
import fcntl
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import click
from pyroute2 import IPRoute

from egc.envoygateway import standalone
from tests.conformance import cluster, namespaces, processes, programs, suite, verdicts
from tests.conformance.controller import ADDRESSES, Controller
from tests.conformance.node import Node
from tests.conformance.objects import Objects
from tests.conformance.programs import ROOT
from tests.conformance.site import Site

PAGE = ROOT / "docs" / "conformance.md"
BUILD = ROOT / "build" / "conformance"
LOGS, REPORT = BUILD / "logs", BUILD / "report.yaml"
GATEWAY_API = "sigs.k8s.io/gateway-api"
CRDS = "config/crd/experimental"
_CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": suite.GATEWAY_CLASS},
    "spec": {"controllerName": standalone.CONTROLLER},
}
_PATIENCE = 60.0


@click.command()
@click.argument("only", default="")
@click.argument("options", nargs=-1)
@click.option("--inside", is_flag=True, hidden=True)
def main(only: str, options: tuple[str, ...], *, inside: bool) -> None:
    """Run the tests whose names match ONLY, or all. OPTIONS, after ``--``, go to the suite."""
    if not inside:
        command = namespaces.command("tests.conformance", "--inside", "--", only, *options)
        programs.build()
        suite.check(only, suite.catalogue(programs.FOLDER))
        namespaces.become(command)
    processes.heed()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    listed = suite.catalogue(programs.FOLDER)
    with _alone():
        found = _verdicts(only, options, listed)
        rows = list(verdicts.rows(found, listed))
        for line in verdicts.table(rows):
            click.echo(line)
        # egc claims every feature of the profiles, so what the suite skips without being asked to is a claim gone.
        failed = any(verdict.outcome == "fail" or (not options and verdict.outcome == "skip") for verdict in found)
        if only or options or failed:
            # The suite notes results of parallel tests before they run, so its report is only true where all passed:
            # https://github.com/kubernetes-sigs/gateway-api/blob/v1.6.1/conformance/utils/suite/suite.go
            REPORT.unlink(missing_ok=True)
        else:
            verdicts.document(rows, PAGE)
            click.echo(f"the report is {REPORT.relative_to(ROOT)}, and the table is in {PAGE.relative_to(ROOT)}")
    sys.exit(failed)


def _verdicts(only: str, options: Iterable[str], listed: Container[str]) -> list[suite.Verdict]:
    """Run the suite, and tell each verdict as it comes, without the skipped tests that are not listed."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    REPORT.unlink(missing_ok=True)
    found = []
    temporary = tempfile.TemporaryDirectory(prefix="egc-", ignore_cleanup_errors=True)
    with temporary as folder, host(Path(folder)) as kubeconfig:
        for verdict in suite.run(programs.FOLDER, kubeconfig, REPORT, only, options):
            if verdict.outcome != "skip" or verdict.name in listed:
                found.append(verdict)
                verdicts.tell(verdict, LOGS)
    return found


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep others away from the logs; ClickException if somebody else keeps us, or there is no space left."""
    try:
        with (BUILD / "lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise click.ClickException(f"another run of the suite writes to {BUILD}") from error
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
            raise
        raise click.ClickException(f"{error.filename or tempfile.gettempdir()}: {error.strerror}") from error


@contextlib.contextmanager
def host(folder: Path) -> Iterator[Path]:
    """A cluster of one node whose Gateways egc serves, while the context is open; the path of its kubeconfig."""
    for name in ("cluster", "node", "site"):
        (folder / name).mkdir()
    with IPRoute() as links:  # every address of the network is this host's own
        (loopback,) = links.link_lookup(ifname="lo")
        links.link("set", index=loopback, state="up")
        links.route("add", dst=str(ADDRESSES), oif=loopback, type="local", table="local", scope="host")
    try:
        with cluster.running(programs.FOLDER, folder / "cluster") as kubeconfig:
            cluster.define(kubeconfig, sorted((programs.module(GATEWAY_API) / CRDS).glob("*.yaml")))
            with (
                Objects(kubeconfig) as objects,
                Node(objects, programs.FOLDER, folder / "node"),
                Site(folder / "site") as site,
                Controller(objects, site) as controller,
            ):
                objects.create(_CLASS)
                _until_accepted(objects, controller)
                yield kubeconfig
    finally:
        for log in folder.glob("*/*.log"):
            with contextlib.suppress(OSError):  # what happened is told, not that the disk is full here, too
                shutil.copy(log, LOGS)


def _until_accepted(objects: Objects, controller: Controller) -> None:
    """The suite asks the class, before anything else, which features there are."""
    seen, deadline = 0, time.monotonic() + _PATIENCE
    while not any("supportedFeatures" in found.get("status", {}) for found in objects.of("GatewayClass")):
        if controller.failures or time.monotonic() > deadline:
            raise click.ClickException("\n".join(["the GatewayClass gets no status", *controller.failures[:1]]))
        seen = objects.wait(seen, 1.0)


if __name__ == "__main__":
    main()
