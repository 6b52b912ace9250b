"""``egc support``."""

import click

from egc.compiler import KINDS
from egc.diagnostics import did_you_mean
from egc.listing import support

_FORMATS = {"text": support.as_text, "json": support.as_json, "markdown": support.as_markdown}


@click.command()
@click.argument("kind", required=False, metavar="[KIND]")
@click.option("--format", type=click.Choice(list(_FORMATS)), default="text", help="How to print it.", show_default=True)
def command(kind: str | None, format: str) -> None:
    """Say what egc does with each field of KIND, or of all kinds.

    A field is read, and takes effect; or ignored, since it has no meaning on one host; or refused, which is an error
    ('--allow-unsupported' makes it a warning, unless it is for security). What every object has is 'metadata'.
    """
    found = support.catalogue(KINDS)
    if kind is not None:
        wanted = [entry for entry in found if entry.name.lower() == kind.lower()]
        if not wanted:
            near = did_you_mean(kind, {entry.name for entry in found})
            raise click.UsageError(f"no kind {kind}; {near or 'egc support lists them'}")
        found = wanted
    click.echo(_FORMATS[format](found))
