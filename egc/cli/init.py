"""``egc init``."""

import re
from pathlib import Path

import click

from egc.artifacts.templates import render

_HOSTNAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@click.command()
@click.argument("folder", default=".", metavar="[DIR]")
@click.option("--domain", default="www.example.com", show_default=True, help="Host name of the site.")
@click.option(
    "--target",
    type=click.Choice(["systemd", "compose", "none"]),
    default="systemd",
    help="What runs Envoy on the host.",
    show_default=True,
)
def command(folder: str, domain: str, target: str) -> None:
    """Write a small working site and a host profile, commented, ready to build."""
    if not _HOSTNAME.fullmatch(domain) or len(domain) > 253:
        raise click.UsageError(f"--domain {domain}: not a host name such as www.example.com")
    files = render("init", {"domain": domain, "secret": domain.replace(".", "-"), "target": target})
    root = Path(folder)
    try:
        taken = [name for name in files if (root / name).exists()]
        if taken:
            raise click.UsageError(f"{root / taken[0]} exists; egc init overwrites nothing")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(str(path))
    except OSError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}") from error
    where = "" if folder == "." else f"cd {folder} && "
    click.echo(f"next: {where}egc build site -o dist", err=True)
