"""``egc build``."""

from pathlib import Path
from typing import Any

import click

from egc.artifacts.write import is_there, write
from egc.cli.site import Run, compile_site, site_options


@click.command()
@site_options
@click.option("-o", "--output", metavar="DIR", required=True, help="Folder of the bundle; replaced as a whole.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if DIR is not what would be written.")
def command(output: str, check: bool, **arguments: Any) -> None:
    """Compile the site in PATHS to a bundle.

    PATHS are files, folders, '-' for standard input, or an EnvoyGateway standalone file. The bundle holds envoy.yaml,
    status.yaml and manifest.json, and whatever the host profile's target needs.
    """
    if not output:
        raise click.UsageError("-o is empty: name a folder")  # Path("") would be the current one
    run = compile_site(arguments)
    bundle = run.built.bundle
    folder = Path(output)
    if bundle is not None and not check:
        write(bundle, folder, run.sink)
    if check:
        run.finish(f"checked {output}")
    else:
        run.finish(f"built {output}", then=_next(output, run))
    if check and bundle is not None and not is_there(bundle, folder):
        click.echo(f"egc: {output} is out of date; run the same command without --check", err=True)
        raise click.exceptions.Exit(1)


def _next(output: str, run: Run) -> str:
    """What to do with the bundle."""
    bundle = run.built.bundle
    if bundle is not None and any(artifact.path == "install.sh" for artifact in bundle.artifacts):
        return f"copy {output} to the host and run {output}/install.sh there"
    return f"cd {output} && envoy -c envoy.{run.options.format}"
