"""The command line: one module a command, each imported when it is called."""

import errno
import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click

from egc.cli.crash import INTERNAL, report
from egc.diagnostics import did_you_mean

_INTERRUPTED = 130  # as a shell reports SIGINT
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

COMMANDS = {
    "build": "compile a site to a bundle",
    "check": "compile a site and write nothing",
    "explain": "say what a diagnostic means",
    "graph": "draw a picture of a site",
    "init": "write a small site to begin with",
    "routes": "show the rules in the order in which Envoy tries them",
    "schema": "print JSON Schemas of the input",
    "support": "say what becomes of each field of each kind",
}


class Commands(click.Group):
    """A group whose commands are loaded by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"egc.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with. UsageError if there is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"no command {name}; {did_you_mean(name, COMMANDS) or 'egc --help lists them'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from egc.cli.version import versions  # noqa: PLC0415 - only this option needs it

        click.echo(versions())
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Completion: eval "$(_EGC_COMPLETE=bash_source egc)" (or zsh_source, fish_source).',
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show versions.")
def egc() -> None:
    """Compile Gateway API YAML into one complete static Envoy configuration."""


def main() -> NoReturn:
    """Run a command and exit: 0 fine, 1 errors in the input, 2 wrong usage, 3 a defect of egc."""
    gc.disable()  # a batch that ends soon: collecting costs a third of the time and frees nothing
    _open_standard_streams()
    try:
        code = _run()
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody listens, or there is no room for what was to be said
        code = 1
    except KeyboardInterrupt:  # once more, while the first was told
        code = _INTERRUPTED
    os._exit(code)  # the memory of a large site is given back at once, not object by object


def _open_standard_streams() -> None:
    """Let those that the caller has closed lead nowhere: no file that egc opens may take their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _run() -> int:
    try:
        result = egc.main(prog_name="egc", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("egc: interrupted", err=True)
        return _INTERRUPTED
    except SystemExit as done:  # of completion, and click's answer to a broken pipe
        return done.code if isinstance(done.code, int) else 1
    except Exception as error:  # noqa: BLE001 - the last resort: a defect must not look like a traceback
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            with suppress(OSError):
                click.echo(f"egc: {os.strerror(error.errno).lower()}", err=True)
            return 1
        click.echo(report(error), err=True)
        return INTERNAL
    return result if isinstance(result, int) else 0
