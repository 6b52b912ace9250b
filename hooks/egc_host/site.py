"""`egc-site`: what an operator does with a site on its host."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

from egc_host.findings import Refusal
from egc_host.findings.release import CANNOT_WRITE
from egc_host.located import locate
from egc_host.releases.places import Places
from egc_host.supervisor import archive
from egc_host.terminal import guarded, say


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 1 when it was refused or the site is not well, 2 for a wrong command line.

    3 is a defect of this program.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _run(words), CANNOT_WRITE)


def _run(words: Sequence[str]) -> int:
    archive.hold()  # the link that it was started by may lead to another release before it ends
    if words[:1] == ["certs"]:
        from egc_host.certificates import command  # noqa: PLC0415 - a program of its own

        return command.main(words[1:])
    arguments = _parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = arguments.run
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--bundle", metavar="DIR", help="folder of the bundle; default: the one this program is from")
    common.add_argument("--prefix", metavar="DIR", type=_folder, default=_default_prefix(), help=argparse.SUPPRESS)
    parser = argparse.ArgumentParser(prog="egc-site", description="Install, watch and take back a site on its host.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=help, description=help[0].upper() + help[1:] + ".")
        added.set_defaults(run=run)
        return added

    added = command("install", _install, "make a bundle the one that is served")
    added.add_argument("folder", metavar="DIR", nargs="?", help="folder of the bundle; default: as for --bundle")
    added.add_argument("--dry-run", action="store_true", help="only say what would be done")
    added.add_argument("--accept-edited", action="store_true", help="take a bundle that was edited by hand as it is")
    _other_envoy(added)
    _allow_cold(added)
    added = command("rollback", _rollback, "serve the release before this one, or another")
    added.add_argument("digest", metavar="DIGEST", nargs="?", help="release to serve; its first digits will do")
    _other_envoy(added)
    _allow_cold(added)
    command("releases", _releases, "list the releases on this host")
    command("status", _status, "what is served").add_argument("--json", action="store_true", help="as JSON")
    command("doctor", _doctor, "look for what the site lacks").add_argument(
        "--json", action="store_true", help="as JSON"
    )
    _allow_cold(command("reload", _reload, "take up the current release, by a hot restart"))
    command("restart", _restart, "stop and start; requests are lost")
    command("logs", _logs, "follow the log")
    commands.add_parser("certs", help="certificates: list, issue, renew, check", add_help=False)
    return parser


def _allow_cold(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow-cold", action="store_true", help="restart if a hot restart is not possible")


def _other_envoy(parser: argparse.ArgumentParser) -> None:
    help = "the Envoy to run from now on; empty: as egc.yaml says"
    parser.add_argument("--envoy", metavar="PATH", type=_executable, help=help)


def _folder(text: str) -> Path:
    return Path(text).absolute()


def _executable(text: str) -> str:
    return os.path.abspath(text) if text else ""  # noqa: PTH100 - a link to it stays a link


def _default_prefix() -> Path | None:
    return _folder(os.environ["EGC_PREFIX"]) if os.environ.get("EGC_PREFIX") else None


def _places(arguments: argparse.Namespace, *, site: bool = False) -> Places:
    return Places(locate(arguments.bundle, arguments.prefix, site=site), arguments.prefix)


def _install(arguments: argparse.Namespace) -> int:
    from egc_host.releases import command  # noqa: PLC0415 - most commands only look
    from egc_host.releases.install import Options  # noqa: PLC0415 - see above

    folder = locate(arguments.folder or arguments.bundle, arguments.prefix).folder
    options = Options(arguments.accept_edited, arguments.allow_cold, arguments.envoy)
    command.install(folder, arguments.prefix, options, dry_run=arguments.dry_run)
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    from egc_host.releases import command  # noqa: PLC0415 - most commands only look
    from egc_host.releases.install import Options  # noqa: PLC0415 - see above

    options = Options(allow_cold=arguments.allow_cold, envoy=arguments.envoy)
    command.rollback(_places(arguments, site=True), arguments.digest, options)
    return 0


def _releases(arguments: argparse.Namespace) -> int:
    from egc_host.releases import report  # noqa: PLC0415 - starts faster without

    say(report.releases(_places(arguments, site=True)))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from egc_host.releases import report  # noqa: PLC0415 - starts faster without

    return report.status(_places(arguments, site=True), as_json=arguments.json)


def _doctor(arguments: argparse.Namespace) -> int:
    from egc_host.doctor import report  # noqa: PLC0415 - starts faster without

    return report.doctor(_places(arguments), as_json=arguments.json)


def _reload(arguments: argparse.Namespace) -> int:
    from egc_host.releases import command  # noqa: PLC0415 - most commands only look

    return command.reload(_places(arguments), allow_cold=arguments.allow_cold)


def _restart(arguments: argparse.Namespace) -> int:
    from egc_host.releases import command  # noqa: PLC0415 - most commands only look

    return command.restart(_places(arguments))


def _logs(arguments: argparse.Namespace) -> int:
    from egc_host.releases.service import service_of  # noqa: PLC0415 - starts faster without

    command = service_of(_places(arguments)).log_command()
    try:
        os.execvp(command[0], command)  # noqa: S606 - the log is the terminal's from here on
    except OSError as error:
        from egc_host.findings.release import COMMAND_FAILED  # noqa: PLC0415 - see above

        raise Refusal(COMMAND_FAILED, f"{command[0]}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
