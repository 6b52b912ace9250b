"""Measure, and print a table with one row for each case; exits with 1 if a case does not show what it must."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import click
import pytest

from tests.host.soak import kills, memory, reloads, renewals, sockets, udp
from tests.host.soak.row import Case, Row

CASES = {case.name: case for module in (reloads, renewals, sockets, kills, memory, udp) for case in module.CASES}

_SKIPPED = (pytest.skip.Exception, pytest.fail.Exception)
"""What tests.needs raises where a program is missing."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CASES)))
@click.option("--markdown", is_flag=True, help="Print the table as the documentation has it.")
@click.option("--json", "as_json", is_flag=True, help="Print rows as JSON, one in each line.")
def main(names: tuple[str, ...], markdown: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Measure all cases, or those named."""
    failed = False
    if markdown:
        click.echo("| case | must show | measured | |\n|---|---|---|---|")
    for name in names or CASES:
        start = time.monotonic()
        row = _measure(CASES[name], here=as_json)
        failed |= bool(row.problems)
        if as_json:
            click.echo(json.dumps(asdict(row)))
        elif markdown:
            result = "; ".join(row.problems) or "ok"
            click.echo(f"| `{name}` | {CASES[name].must} | {'; '.join(row.measured)} | {result} |")
        else:
            click.echo("\n".join(_lines(CASES[name], row, time.monotonic() - start)))
    sys.exit(failed)


def _measure(case: Case, *, here: bool) -> Row:
    if case.alone and not here:
        return _alone(case)
    try:
        return case.measure()
    except _SKIPPED as error:
        return Row(problems=[f"not measured: {error.msg}"])
    except Exception as error:  # noqa: BLE001 - one case that breaks does not keep the others from being measured
        return Row(problems=[f"{type(error).__name__}: {error}"])


def _alone(case: Case) -> Row:
    """Measure in a network namespace of its own, whose settings may be changed."""
    options = ["--net"] if os.geteuid() == 0 else ["--net", "--map-root-user"]
    script = 'ip link set lo up && exec "$@"'
    command = [sys.executable, "-m", "tests.host.soak", case.name, "--json"]
    done = subprocess.run(
        ["unshare", *options, "sh", "-c", script, "sh", *command], stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        return Row(**json.loads(done.stdout))
    except ValueError:
        return Row(problems=[f"not measured: unshare ended with status {done.returncode}"])


def _lines(case: Case, row: Row, seconds: float) -> Iterator[str]:
    result = click.style("failed", fg="red") if row.problems else click.style("ok", fg="green")
    yield f"{case.name:16} {result:15} {case.must}  ({seconds:.0f} s)"
    yield from (f"{'':24}{line}" for line in row.measured)
    yield from (f"{'':24}{click.style(line, fg='red')}" for line in row.problems)


if __name__ == "__main__":
    main()
