"""``egc graph``."""

import os
import time
from pathlib import Path, PurePath
from typing import Any

import click

from egc.cli.site import PROFILE, is_read, look_at, reading_options, show
from egc.diagnostics.text import summary
from egc.pictures import forms
from egc.pictures.layout import available
from egc.pictures.site import counted, draw


@click.command()
@reading_options
@click.option("--allow-unsupported", is_flag=True, help="Warn of what is not supported, and leave it out.")
@click.option("-o", "--output", metavar="FILE", required=True, help="The picture; '-': standard output.")
@click.option("--format", type=click.Choice(forms.FORMS), help="What to write; default: as FILE's suffix says.")
@click.option("--unfold", is_flag=True, help="Draw each object by itself, however many there are.")
def command(output: str, format: str | None, unfold: bool, **arguments: Any) -> None:
    """Draw the site in PATHS: what is attached to what, and in red what is broken and why.

    svg is a picture, html a page to move about in, search and unfold. mmd is Mermaid, for Markdown; dot is Graphviz.
    What is at fault is drawn as '--on-error degrade' would serve it, and tells its reason.
    """
    began = time.perf_counter()
    form = format or forms.SUFFIXES.get(PurePath(output).suffix.lower())
    if form is None:
        raise click.UsageError(f"-o {output}: which format? Say --format {'|'.join(forms.FORMS)}")
    if form in forms.LAID_OUT and not available():
        raise click.UsageError(f"{form} needs Graphviz: pip install 'egc[graph]'; dot and mmd do without")
    if output != "-" and is_read(output, (*arguments["paths"], arguments["profile"] or PROFILE)):
        raise click.UsageError(f"-o {output}: that is a file of the input; the picture needs one of its own")
    built, sink = look_at(arguments)
    told = ""
    if not sink.misconfigured:
        picture = draw(built.graph, built.policies, built.plan, sink.sorted())
        told = counted(picture)
        title = f"{', '.join('standard input' if path == '-' else path for path in arguments['paths'])}: {told}"
        _write(output, forms.document(picture, form, title, unfold=unfold))
    show(sink, "text")
    counts = summary(sink.sorted())
    if sink.misconfigured:
        click.echo(f"egc: {counts}; nothing was drawn", err=True)
        raise click.exceptions.Exit(2)
    if output != "-":
        seconds = f"{time.perf_counter() - began:.2f} s"
        click.echo(f"drew {output}: {told} in {seconds}" + (f"; {counts}" if counts else ""), err=True)
    if sink.failed:
        raise click.exceptions.Exit(1)


def _write(output: str, text: str) -> None:
    """Write the picture: a file is the old one or the new one."""
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(os.path.realpath(output))
    fresh = path.with_name(f".{path.name}.egc-{os.getpid()}")
    try:
        if path.exists() and not path.is_file():  # a pipe, or a device
            path.write_text(text, encoding="utf-8")
            return
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise click.UsageError(f"-o {output}: {error.strerror}") from error
