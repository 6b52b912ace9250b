"""The options that ``build`` and ``check`` share, and the run itself."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, TypeVar

import click

from egc import __version__
from egc.compiler import Build, build
from egc.diagnostics import Sink
from egc.diagnostics.machine import FORMATS, Settings
from egc.diagnostics.text import summary
from egc.envoy import binary, printer
from egc.options import OnError, Options
from egc.source import Substitution, read_env_file

F = TypeVar("F", bound=Callable[..., Any])
PROFILE = "egc.yaml"
_READ = (".yaml", ".yml", ".json")
"""What is read of a folder."""


def reading_options(function: F) -> F:
    """Add the options that decide what is read."""
    options = [
        click.argument("paths", nargs=-1, metavar="PATHS...", callback=_some),
        click.option(
            "--profile", metavar="FILE", help=f"Host profile; default: {PROFILE} in this folder, if it is there."
        ),
        click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="Value of ${NAME} in the input."),
        click.option("--env-file", "env_files", multiple=True, metavar="FILE", help="Values of ${NAME} from a file."),
        click.option("--env", "use_env", is_flag=True, help="Values of ${NAME} from the environment."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def site_options(function: F) -> F:
    """Add the options that decide what is built."""
    options = [
        reading_options,
        click.option(
            "--on-error",
            type=click.Choice([choice.value for choice in OnError]),
            default=OnError.FAIL.value,
            help="fail: write nothing. degrade: serve what is sound, answer 500 for the rest.",
            show_default=True,
        ),
        click.option("--allow-unsupported", is_flag=True, help="Warn of what is not supported, and leave it out."),
        click.option("--inline-secrets", is_flag=True, help="Put private keys into envoy.yaml instead of files."),
        click.option("--envoy", metavar="PATH", help="The Envoy that will run the output; default: the one found."),
        click.option(
            "--no-validate", is_flag=True, help="Do not run `envoy --mode validate`; its schema is still checked."
        ),
        click.option("--format", type=click.Choice(["yaml", "json"]), default="yaml", help="envoy.yaml or envoy.json."),
        click.option("--status", metavar="FILE", help="Also write the statuses here ('-': standard output)."),
        click.option(
            "--diagnostics",
            type=click.Choice(list(FORMATS)),
            default="text",
            help="text goes to standard error, the others to standard output.",
            show_default=True,
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _some(ctx: click.Context, _: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """At least one path. UsageError if there is none."""
    if not paths:
        raise click.UsageError(f"which site? Name files or folders: {ctx.command_path} site")
    return paths


@dataclass(frozen=True, slots=True)
class Run:
    """A finished compilation."""

    built: Build
    sink: Sink
    options: Options
    began: float
    diagnostics: str

    def finish(self, done: str, then: str = "") -> None:
        """Show the diagnostics and the closing line with the next command; exit when nothing may be written."""
        show(self.sink, self.diagnostics)
        found = self.sink.sorted()
        counts = summary(found)
        if self.built.bundle is None or self.sink.fatal:
            if self.options.substitution is None and any("${" in diagnostic.message for diagnostic in found):
                click.echo("egc: ${NAME} is replaced only if --set, --env-file or --env says with what", err=True)
            click.echo(f"egc: {counts}; nothing was written", err=True)
            raise click.exceptions.Exit(2 if self.sink.misconfigured else 1)
        seconds = f"{time.perf_counter() - self.began:.2f} s"
        told = f"; {counts}" if counts else ""
        click.echo(f"{done}: {counted(self.built)} in {seconds}{told}" + (f"; next: {then}" if then else ""), err=True)


def compile_site(arguments: Mapping[str, Any]) -> Run:
    """Compile as the command line says."""
    began = time.perf_counter()
    status = arguments["status"]
    if status and status != "-" and is_read(status, (*arguments["paths"], arguments["profile"] or PROFILE)):
        raise click.UsageError(f"--status {status}: that is a file of the input; the statuses need one of their own")
    sink = Sink(lenient=arguments["allow_unsupported"])
    options = Options(
        paths=arguments["paths"],
        profile=arguments["profile"] or _profile_here(),
        substitution=_substitution(arguments, sink),
        on_error=OnError(arguments["on_error"]),
        format=arguments["format"],
        inline_secrets=arguments["inline_secrets"],
        envoy=_envoy(arguments["envoy"]),
        validate=not arguments["no_validate"],
    )
    built = build(options, sink)
    if status:
        _write_status(status, built)
    return Run(built, sink, options, began, arguments["diagnostics"])


def look_at(arguments: Mapping[str, Any]) -> tuple[Build, Sink]:
    """Compile what is sound, for a command that shows something; Envoy is not asked, nothing is written."""
    sink = Sink(lenient=arguments.get("allow_unsupported", False))
    options = Options(
        paths=arguments["paths"],
        profile=arguments["profile"] or _profile_here(),
        substitution=_substitution(arguments, sink),
        on_error=OnError.DEGRADE,
        envoy=_envoy(None),
        validate=False,
    )
    return build(options, sink), sink


def conclude(sink: Sink) -> None:
    """Show the diagnostics of a site that was looked at; exit as a build of it would."""
    show(sink, "text")
    if sink.failed:
        raise click.exceptions.Exit(2 if sink.misconfigured else 1)


def is_read(output: str, paths: Iterable[str]) -> bool:
    """Whether a file is one of those that are read, or would be from now on."""
    file = PurePath(os.path.realpath(output))
    given = [PurePath(os.path.realpath(path)) for path in paths if path != "-"]
    return file in given or (file.suffix in _READ and any(folder in file.parents for folder in given))


def _profile_here() -> str | None:
    try:
        return PROFILE if Path(PROFILE).is_file() else None
    except OSError:  # a folder that may not be searched; nobody asked for a profile
        return None


def _envoy(explicit: str | None) -> Path | None:
    asked = explicit or os.environ.get("EGC_ENVOY")
    found = binary.find(asked)
    if asked and found is None:
        raise click.UsageError(f"{'--envoy' if explicit else 'EGC_ENVOY'} {asked}: no such program")
    return found


def _substitution(arguments: Mapping[str, Any], sink: Sink) -> Substitution | None:
    """${NAME} is replaced only if somebody says with what."""
    if not (arguments["values"] or arguments["env_files"] or arguments["use_env"]):
        return None
    values: dict[str, str] = {}
    for file in arguments["env_files"]:
        values |= read_env_file(file, sink)
    for item in arguments["values"]:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {item}: write NAME=VALUE, such as --set DOMAIN=shop.example")
        values[name] = value
    return Substitution(values, os.environ if arguments["use_env"] else None)


def _write_status(file: str, built: Build) -> None:
    text = printer.to_yaml(built.statuses)
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--status {file}: {error.strerror}") from error


def show(sink: Sink, format: str) -> None:
    """Text goes to standard error, data to standard output. Colours only on a terminal."""
    found = sink.sorted()
    if format == "text":
        if found:
            settings = Settings(color=_colors(), width=_width(), version=__version__)
            click.echo(FORMATS[format](found, settings), err=True, color=True)
    else:
        click.echo(FORMATS[format](found, Settings(version=__version__)))


def _colors() -> bool:
    """https://no-color.org and https://force-color.org"""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stderr.isatty() and os.environ.get("TERM") != "dumb")


def _width() -> int:
    return os.get_terminal_size(sys.stderr.fileno()).columns if sys.stderr.isatty() else 100


def counted(built: Build) -> str:
    """What was built, in numbers."""
    chains = [chain for listener in built.plan.listeners for chain in listener.chains]
    tunnels = [found for listener in built.plan.listeners for found in listener.tunnels if found.route is not None]
    numbers: list[tuple[int, Literal["listener", "host", "route", "cluster"]]] = [
        (len(built.plan.listeners), "listener"),
        (sum(len(part.hosts) for part in chains) + sum(len(part.server_names) for part in tunnels), "host"),
        (sum(len(host.routes) for chain in chains for host in chain.hosts) + len(tunnels), "route"),
        (len(built.plan.clusters), "cluster"),
    ]
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers)
