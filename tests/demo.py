"""Build the platform site, serve it with a real Envoy and show what its requests get: ``python -m tests.demo``.

Then change the site and its certificate under load.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import yaml

from tests.host.demonstration import DemonstrationError, demonstrate
from tests.serve import Outcome, ServeError, Site, envoy_binary, load, replay

PLATFORM = Path(__file__).parents[1] / "fixtures" / "whole" / "platform"

_HEADINGS = ("request", "status", "rule", "backend", "")
_OK, _DIFFERS = "ok", "differs"


def build(site: Path, bundle: Path, *, quiet: bool = False) -> None:
    """Compile the prod site of the platform's folder *site* into *bundle*; exits as egc does if that fails.

    What a *quiet* build says is shown only then.
    """
    egc = Path(sys.executable).with_name("egc")
    if not egc.exists():
        raise click.ClickException(f"{egc} is not installed")
    options = ["--profile", str(site / "egc.yaml"), "--set", "DOMAIN=shop.example", "-o", str(bundle)]
    stderr = subprocess.PIPE if quiet else None
    built = subprocess.run([egc, "build", str(site / "standalone-prod.yaml"), *options], stderr=stderr, check=False)
    if built.returncode:
        sys.stderr.write((built.stderr or b"").decode())
        sys.exit(built.returncode)


def rules(folder: Path) -> dict[str, str]:
    """``file:line`` of every HTTPRoute rule below *folder*, by ``httproute/<namespace>/<name>/rule/<index>``."""
    places: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yaml")):
        for document in yaml.compose_all(path.read_bytes(), yaml.CSafeLoader):
            if _text(document, "kind") == "HTTPRoute":
                name = f"httproute/{_text(document, 'metadata', 'namespace')}/{_text(document, 'metadata', 'name')}"
                for i, rule in enumerate(_items(_at(document, "spec", "rules"))):
                    places[f"{name}/rule/{i}"] = f"{path.relative_to(folder)}:{rule.start_mark.line + 1}"
    return places


def table(outcomes: list[Outcome], places: dict[str, str]) -> Iterator[str]:
    """The outcomes in aligned columns, a differing one with what differs below it."""
    rows = [_HEADINGS, *(_row(outcome, places) for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    problems: list[list[str]] = [[], *(outcome.problems for outcome in outcomes)]
    for row, lines in zip(rows, problems, strict=True):
        *cells, result = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        colour = {_OK: "green", _DIFFERS: "red"}.get(row[-1])
        yield "  ".join([*cells, click.style(result.rstrip(), fg=colour) if colour else ""]).rstrip()
        yield from (f"    {line}" for line in lines)


@click.command()
@click.option("--envoy", type=click.Path(exists=True, path_type=Path), help="The Envoy to serve with.")
def main(envoy: Path | None) -> None:
    """Build the platform site, serve it and compare its answers with requests.yaml; then change it under load."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="egc-demo-") as folder:
        bundle = Path(folder) / "dist"
        build(PLATFORM, bundle)
        built = time.monotonic()
        try:
            with Site(bundle, envoy) as site:
                outcomes = replay(site, load(PLATFORM / "requests.yaml"))
        except (ServeError, FileNotFoundError) as error:
            raise click.ClickException(str(error)) from error
        asked = time.monotonic()
    for line in table(outcomes, rules(PLATFORM)):
        click.echo(line)
    differing = sum(bool(outcome.problems) for outcome in outcomes)
    times = f"built in {built - start:.1f} s, served and asked in {asked - built:.1f} s"
    click.echo(f"\n{len(outcomes)} requests, {differing} differing; {times}")
    if differing:
        sys.exit(1)
    try:
        results = demonstrate(PLATFORM, partial(build, quiet=True), envoy or envoy_binary())
    except DemonstrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo("; ".join(map(str, results)))
    for result in results:
        if not result.good:
            click.echo(result.report.summary())
    sys.exit(not all(result.good for result in results))


def _row(outcome: Outcome, places: dict[str, str]) -> tuple[str, ...]:
    rule = (outcome.route or "").partition("/match/")[0]
    status = "" if outcome.status is None else str(outcome.status)
    return (
        outcome.request,
        status or "no answer",
        places.get(rule, rule) or "-",
        outcome.backend or "-",
        _DIFFERS if outcome.problems else _OK,
    )


def _at(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    """The node below *node* at these keys."""
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return node


def _text(node: yaml.Node | None, *keys: str) -> str:
    found = _at(node, *keys)
    return found.value if isinstance(found, yaml.ScalarNode) else ""


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


if __name__ == "__main__":
    main()
