"""``egc explain``."""

import sys

import click

from egc.diagnostics import explain


@click.command()
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Say what the diagnostic CODE means and what to do. Without CODE: list them all. 'defaults': where egc differs."""
    if code is None:
        click.echo(explain.listing())
        return
    if code == "defaults":
        from egc.features.defaults import listing  # noqa: PLC0415 - only this word needs it

        click.echo(listing())
        return
    rule = explain.find(code)
    if rule is None:
        near = ", ".join(explain.nearest(code))
        raise click.UsageError(
            f"no diagnostic {code}" + (f"; near it: {near}" if near else "") + "; egc explain lists all"
        )
    click.echo(explain.explain(rule, color=sys.stdout.isatty()))
