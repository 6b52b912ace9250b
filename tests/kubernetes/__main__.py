"""``python -m tests.kubernetes``: put every object of the fixtures to a real API server and to egc, and compare."""

import sys
import tempfile
import time
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import click
from pyroute2 import IPRoute

from egc.compiler import KINDS
from tests.cel.objects import judged
from tests.cel.schema import read as schemas
from tests.conformance import cluster, namespaces, processes, programs
from tests.kubernetes import inputs, opinion, verdicts
from tests.kubernetes.server import Server
from tests.kubernetes.verdicts import Compared

_GATEWAY_API = "sigs.k8s.io/gateway-api"
_EXPERIMENTAL = "config/crd/experimental"
_ENVOY_GATEWAY = "github.com/envoyproxy/gateway@v1.9.0"
_ENVOY_GATEWAYS = "charts/gateway-helm/charts/crds/crds/generated"


@click.command()
@click.option("--all", "everything", is_flag=True, help="Show the listed differences too.")
@click.option("--inside", is_flag=True, hidden=True)
def main(*, everything: bool, inside: bool) -> None:
    """Compare; fails for a difference that is not listed, and for an entry of the list that is none."""
    shown = ["--all"] * everything
    if not inside:
        command = namespaces.command("tests.kubernetes", "--inside", *shown)
        programs.build(("etcd", "apiserver"))
        programs.download(_ENVOY_GATEWAY)  # while there is a network
        namespaces.become(command)
    processes.heed()
    begun, known = time.monotonic(), verdicts.listed()
    found = list(_compared(known.rules))
    strange, stale = verdicts.unlisted(found, known.differences), verdicts.left_over(found, known)
    shown_ones = [one for one in found if one.verdict in verdicts.DIFFERING] if everything else strange
    for line in (line for one in shown_ones for line in verdicts.told(one)):
        click.echo(line)
    for line in (*verdicts.table(found), "", "kinds that the server does not have:", *verdicts.strangers(found), ""):
        click.echo(line)
    for entry in stale:
        click.echo(f"differences.yaml has what nothing needs any more: {entry}")
    differing = sum(one.verdict in verdicts.DIFFERING for one in found)
    click.echo(f"{differing} differ, {len(strange)} of them not listed, {time.monotonic() - begun:.0f} s")
    sys.exit(bool(strange or stale))


def _compared(rules: Container[str]) -> Iterator[Compared]:
    gateway_api = sorted((programs.module(_GATEWAY_API) / _EXPERIMENTAL).glob("*.yaml"))
    crds = [*gateway_api, *sorted((programs.download(_ENVOY_GATEWAY) / _ENVOY_GATEWAYS).glob("*.yaml"))]
    with tempfile.TemporaryDirectory(prefix="egc-", ignore_cleanup_errors=True) as folder, IPRoute() as links:
        (loopback,) = links.link_lookup(ifname="lo")
        links.link("set", index=loopback, state="up")
        with cluster.running(programs.FOLDER, Path(folder)) as kubeconfig:
            cluster.define(kubeconfig, crds)
            server = Server(kubeconfig)
            yield from _of_sites(server, rules)
            yield from _of_rules(server, gateway_api)


def _of_sites(server: Server, rules: Container[str]) -> Iterator[Compared]:
    for case in inputs.sites():
        reading = opinion.Reading(case)
        for path, subject in inputs.subjects(case, reading.documents):
            answer, found = server.judge(subject), reading.of(subject, path)
            if answer.refused and not (found.form or found.otherwise):
                found = reading.by_rules(subject, path, rules)
            yield Compared(subject, answer, found)


def _of_rules(server: Server, crds: Sequence[Path]) -> Iterator[Compared]:
    kinds = {key: schema for key, schema in schemas(crds).items() if key in KINDS}
    for subject, item in inputs.judged_by_rules(kinds):
        errors, _ = judged(item)
        yield Compared(subject, server.judge(subject), opinion.opinion(errors))


if __name__ == "__main__":
    main()
