"""Measure builds of generated sites, beside Envoy's own check of the result: ``python -m tests.bench [ROUTES ...]``.

The last row, without ROUTES, is the site of tests/mixed_site.py: every kind, with certificates and selectors.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from egc.envoy import binary

SIZES = (20, 1_000, 10_000, 20_000)
_LARGE = 5_000

_HEADINGS = ("routes", "egc build", "peak memory", "envoy --mode validate", "ratio")

_FRONT = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: eg
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: eg
  namespace: bench
spec:
  gatewayClassName: eg
  listeners:
    - name: http
      protocol: HTTP
      port: 8080
"""
_BACKEND = """\
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata:
  name: backend-{i}
  namespace: bench
spec:
  endpoints:
    - ip:
        address: 10.0.{high}.{low}
        port: 8000
"""
_ROUTE = """\
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-{i}
  namespace: bench
spec:
  parentRefs:
    - name: eg
  hostnames:
    - host-{group}.example.com
  rules:
    - matches:
        - path:
            type: {match}
            value: /service/{i}
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set:
              - name: X-Route
                value: route-{i}
      backendRefs:
        - group: gateway.envoyproxy.io
          kind: Backend
          name: backend-{group}
"""


class Cost(NamedTuple):
    """What one process took: wall time in seconds, peak memory in MB."""

    wall: float
    peak: float


def site(routes: int) -> Iterator[str]:
    """The documents of a site with that many HTTPRoutes, and a tenth as many hostnames and Backends."""
    groups = max(1, routes // 10)
    yield _FRONT
    for i in range(groups):
        yield _BACKEND.format(i=i, high=i // 250, low=i % 250 + 1)
    for i in range(routes):
        yield _ROUTE.format(i=i, group=i % groups, match="Exact" if i % 3 == 2 else "PathPrefix")


def run(command: list[str], log: Path) -> Cost:
    """Run a program to its end; its words go to *log*. ClickException if it fails.

    A child's peak is never below that of the process that starts it, so this one has to stay small.
    """
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[output, (os.POSIX_SPAWN_DUP2, 1, 2)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    if code := os.waitstatus_to_exitcode(status):
        raise click.ClickException(f"{' '.join(command)} ended with {code}:\n{log.read_text(encoding='utf-8')}")
    return Cost(wall, usage.ru_maxrss * 1024 / 1e6)


def median(costs: Iterable[Cost]) -> Cost:
    """The middle wall time and the middle peak."""
    walls, peaks = zip(*costs, strict=True)
    return Cost(statistics.median(walls), statistics.median(peaks))


def measure(documents: Iterable[str], runs: int, envoy: Path) -> tuple[Cost, Cost]:
    """What egc takes to build a site, and what Envoy takes to check it."""
    egc = Path(sys.executable).with_name("egc")
    with tempfile.TemporaryDirectory(prefix="egc-bench-") as name:
        folder = Path(name)
        source, bundle, log = folder / "site.yaml", folder / "dist", folder / "log"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(documents)
        build = [str(egc), "build", str(source), "-o", str(bundle), "--no-validate", "--inline-secrets"]
        check = [str(envoy), "--mode", "validate", "--log-level", "error", "-c", str(bundle / "envoy.yaml")]
        run(build, log)  # the first run reads Envoy's descriptors and remembers them
        return median(run(build, log) for _ in range(runs)), median(run(check, log) for _ in range(runs))


def row(name: str, egc: Cost, envoy: Cost) -> tuple[str, ...]:
    """The measurements as cells of the table."""
    ratio = egc.wall / envoy.wall
    return (name, f"{egc.wall:.2f} s", f"{egc.peak:.0f} MB", f"{envoy.wall:.2f} s", f"{ratio:.2f}")


def aligned(cells: tuple[str, ...]) -> str:
    """A line of the table."""
    return "  ".join(cell.rjust(len(heading) + 1) for cell, heading in zip(cells, _HEADINGS, strict=True))


def comparison(walls: dict[int, float]) -> Iterator[str]:
    """How wall time grows from each size to one twice as large."""
    for routes, wall in walls.items():
        if routes * 2 in walls:
            yield f"{routes * 2:,} routes take {walls[routes * 2] / wall:.2f} times as long as {routes:,}"


@click.command()
@click.argument("sizes", metavar="[ROUTES]...", type=click.IntRange(min=1), nargs=-1)
def main(sizes: tuple[int, ...]) -> None:
    """Measure whole processes; medians of five runs, of three for large sites."""
    envoy = binary.find()
    if envoy is None:
        raise click.ClickException("there is no envoy: run `make setup`")
    click.echo(aligned(_HEADINGS))
    walls: dict[int, float] = {}
    for routes in sizes or SIZES:
        egc, checked = measure(site(routes), 3 if routes >= _LARGE else 5, envoy)
        walls[routes] = egc.wall
        click.echo(aligned(row(f"{routes:,}", egc, checked)))
    if not sizes:
        # In a process of its own: the library that makes certificates would count as egc's peak.
        made = subprocess.run([sys.executable, "-m", "tests.mixed_site"], capture_output=True, text=True, check=True)
        click.echo(aligned(row("mixed", *measure([made.stdout], 5, envoy))))
    for line in comparison(walls):
        click.echo(line)


if __name__ == "__main__":
    main()
