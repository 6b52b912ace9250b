"""``egc check``."""

from typing import Any

import click

from egc.cli.site import compile_site, site_options


@click.command()
@site_options
def command(**arguments: Any) -> None:
    """Compile the site in PATHS, tell what is wrong with it, and write nothing."""
    run = compile_site(arguments)
    run.finish("fine")
