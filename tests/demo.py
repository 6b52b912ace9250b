"""Build the platform site, serve it with a real Envoy and show what its requests get: ``python -m tests.demo``."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import yaml

from tests.serve import Outcome, ServeError, Site, load, replay

PLATFORM = Path(__file__).parents[1] / "fixtures" / "whole" / "platform"

_HEADINGS = ("request", "status", "rule", "backend", "")
_OK, _DIFFERS = "ok", "differs"


def build(bundle: Path) -> None:
    """Compile the prod site into *bundle*; exits as egc does if that fails."""
    egc = Path(sys.executable).with_name("egc")
    if not egc.exists():
        raise click.ClickException(f"{egc} is not installed")
    site = ["build", str(PLATFORM / "standalone-prod.yaml"), "--profile", str(PLATFORM / "egc.yaml")]
    built = subprocess.run([egc, *site, "--set", "DOMAIN=shop.example", "-o", bundle], check=False)
    if built.returncode:
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
    """Build the platform site, serve it and compare its answers with requests.yaml."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="egc-demo-") as folder:
        bundle = Path(folder) / "dist"
        build(bundle)
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
    sys.exit(1 if differing else 0)


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
