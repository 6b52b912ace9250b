"""``egc routes``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from egc.cli.site import conclude, look_at, reading_options
from egc.listing import requests, routes, routes_text
from egc.listing.entries import Port, plain


@click.command()
@reading_options
@click.option("--allow-unsupported", is_flag=True, help="Warn of what is not supported, and leave it out.")
@click.option("--host", metavar="NAME", help="Only what serves this host; '*.example.com' is just that wildcard.")
@click.option("--path", metavar="PATH", help="Only the rules that could take this path.")
@click.option("--url", metavar="URL", help="Only the rule that takes this request, and those that just do not.")
@click.option("--method", metavar="NAME", help="Method of the request of --url; default: GET.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header of that request.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="How to print.", show_default=True)
def command(**arguments: Any) -> None:
    """Show the rules of the site in PATHS in the order in which Envoy tries them.

    For each listener and host: what a rule matches, where it is written, where it leads, and why it stands before the
    next one. What is at fault is shown as '--on-error degrade' would serve it.
    """
    asked = arguments["url"]
    _check(arguments)
    headers = _headers(arguments["headers"])
    built, sink = look_at(arguments)
    if not sink.misconfigured:
        found = _chosen(routes.ports(built.plan), arguments["host"], arguments["path"])
        as_json = arguments["format"] == "json"
        if asked is None:
            text = json.dumps({"listeners": plain(found)}, indent=2) if as_json else routes_text.listing(found)
        else:
            text = _answer(found, asked, (arguments["method"] or "GET").upper(), headers, as_json=as_json)
        click.echo(text or "nothing is served there")
    conclude(sink)


def _check(arguments: Mapping[str, Any]) -> None:
    """Refuse options that say nothing together."""
    url, path = arguments["url"], arguments["path"]
    if url is not None and (arguments["host"] is not None or path is not None):
        raise click.UsageError("--url has a host and a path: give either --url, or --host and --path")
    if url is None and (arguments["method"] is not None or arguments["headers"]):
        raise click.UsageError("--method and -H say more about the request of --url: give that, too")
    if path is not None and not path.startswith("/"):
        raise click.UsageError(f"--path {path}: a path begins with /")


def _chosen(found: Sequence[Port], host: str | None, path: str | None) -> Sequence[Port]:
    if host is not None:
        found = requests.of_host(found, host)
    return requests.of_path(found, path) if path is not None else found


def _headers(given: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for entry in given:
        name, colon, value = entry.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f"-H {entry}: write NAME:VALUE, such as -H x-version:2")
        headers[name.strip().lower()] = value.strip()
    return headers


def _answer(found: Sequence[Port], url: str, method: str, headers: dict[str, str], *, as_json: bool) -> str:
    try:
        verdicts = requests.judge(found, url, method, headers)
    except requests.NotAUrlError:
        raise click.UsageError(f"--url {url}: write a URL such as https://shop.example/cart") from None
    if as_json:
        data = [requests.as_data(verdict) for verdict in verdicts]
        return json.dumps({"url": url, "method": method, "answers": data}, indent=2)
    return routes_text.verdicts(verdicts, f"{method} {url}")
