"""``python -m tests.conformance``: run the suite, print a table by profile, and write the report."""

import contextlib
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from pyroute2 import IPRoute

from egc.envoygateway import standalone
from tests.conformance import cluster, namespaces, programs, suite, verdicts
from tests.conformance.controller import ADDRESSES, Controller
from tests.conformance.node import Node
from tests.conformance.objects import Objects
from tests.conformance.site import Site

PAGE = programs.ROOT / "docs" / "conformance.md"
BUILD = programs.ROOT / "build" / "conformance"
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
        programs.build()
        suite.check(only, suite.catalogue(programs.FOLDER))
        namespaces.run("tests.conformance", "--inside", "--", only, *options)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logs, report = BUILD / "logs", BUILD / "report.yaml"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    report.unlink(missing_ok=True)
    found: list[suite.Verdict] = []
    with tempfile.TemporaryDirectory(prefix="egc-") as folder, host(Path(folder), logs) as kubeconfig:
        for verdict in suite.run(programs.FOLDER, kubeconfig, report, only, options):
            found.append(verdict)
            verdicts.tell(verdict, logs)
    rows = list(verdicts.rows(found, suite.catalogue(programs.FOLDER)))
    for line in verdicts.table(rows):
        click.echo(line)
    failed = any(verdict.outcome == "fail" for verdict in found)
    if only or options or failed:
        # https://github.com/kubernetes-sigs/gateway-api/blob/v1.6.1/conformance/utils/suite/suite.go notes a result for
        # tests that run in parallel before they run: a report tells the truth only where everything passed.
        report.unlink(missing_ok=True)
    else:
        verdicts.document(rows, PAGE)
        click.echo(
            f"{report.relative_to(programs.ROOT)} is the report; {PAGE.relative_to(programs.ROOT)} holds the table"
        )
    sys.exit(failed)


@contextlib.contextmanager
def host(folder: Path, logs: Path) -> Iterator[Path]:
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
                Controller(objects, site),
            ):
                objects.create(_CLASS)
                _until_accepted(objects)
                yield kubeconfig
    finally:
        for log in folder.glob("*/*.log"):
            shutil.copy(log, logs)


def _until_accepted(objects: Objects) -> None:
    """The suite asks the class, before anything else, which features there are."""
    seen, deadline = 0, time.monotonic() + _PATIENCE
    while not any("supportedFeatures" in found.get("status", {}) for found in objects.of("GatewayClass")):
        if time.monotonic() > deadline:
            raise click.ClickException("the GatewayClass gets no status")
        seen = objects.wait(seen, 1.0)


if __name__ == "__main__":
    main()
