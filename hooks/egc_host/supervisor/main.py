"""The command line: egc-envoy run, reload, status, check, health."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from egc_host import bundle as bundles
from egc_host.findings import Refusal
from egc_host.findings import reload as findings
from egc_host.supervisor import client
from egc_host.supervisor.verdict import unpacked

RUN, STATE = Path("/run/egc"), Path("/var/lib/egc")
_PATIENCE = 300.0


def main(argv: Sequence[str] | None = None) -> int:
    """0: done; 1: refused, or Envoy is lost; 2: nothing could be started, or the command line is wrong; 3: a defect."""
    words = list(sys.argv[1:] if argv is None else argv)
    end = words.index("--") if "--" in words else len(words)
    arguments = _parser().parse_args(words[:end])
    arguments.extra = words[end + 1 :]
    try:
        code: int = arguments.act(arguments)
    except Refusal as refusal:
        print(refusal.finding, file=sys.stderr)
        return 2 if arguments.command == "run" else 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - never a traceback for whoever runs a site
        from egc_host.supervisor.candidate import explained  # noqa: PLC0415 - most commands need nothing of it

        told = explained(error)
        print(*told, sep="\n", file=sys.stderr)
        if any(finding.kind is findings.DEFECT for finding in told):
            return 3
        return 2 if arguments.command == "run" else 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="egc-envoy", description="Runs Envoy and reloads it without losing requests.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run Envoy in the foreground", epilog="what follows -- is given to Envoy")
    run.add_argument("bundle", type=Path, help="folder, or a link to it that is followed anew at each reload")
    run.add_argument("--state-dir", type=Path, metavar="DIR", help="folder of the last good configuration")
    run.add_argument("--envoy", metavar="PATH", help="executable; default: the bundle's, else the one in PATH")
    for option, type, default, help in (
        ("--concurrency", int, None, "worker threads; default: the bundle's, else as many as there are processors"),
        (
            "--drain-time-s",
            int,
            None,
            "seconds in which clients are asked to leave an old Envoy; default: the bundle's",
        ),
        ("--parent-shutdown-time-s", int, None, "seconds after which an old Envoy ends; default: the bundle's"),
        ("--stop-drain-s", int, None, "seconds in which requests end before a stop; default: the bundle's"),
        ("--base-id", int, None, "tells several Envoys on a host apart; default: the bundle's"),
        ("--ready-timeout-s", float, 30.0, "seconds that a new Envoy has to become ready (%(default)g)"),
        ("--validate-timeout-s", float, 60.0, "seconds that each check of a configuration may take (%(default)g)"),
    ):
        run.add_argument(option, type=_positive(type), default=default, metavar="N", help=help)
    run.set_defaults(act=_run)
    reload = commands.add_parser("reload", help="take the configuration anew; exits 1 when it is refused")
    reload.add_argument("--accept-edited", action="store_true", help="although files differ from the manifest")
    reload.add_argument("--allow-cold", action="store_true", help="stop Envoy before, if there is no other way")
    reload.set_defaults(act=_reload)
    status = commands.add_parser("status", help="say what serves")
    status.add_argument("--json", action="store_true")
    status.set_defaults(act=_status)
    check = commands.add_parser("check", help="say what is wrong with a bundle on this host, start nothing")
    check.add_argument("bundle", type=Path)
    check.add_argument("--envoy", metavar="PATH", help="executable; default: the bundle's, else the one in PATH")
    check.set_defaults(act=_check)
    health = commands.add_parser("health", help="exit 0 if Envoy serves")
    health.set_defaults(act=_health)
    for command in (run, reload, status, check, health):
        command.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the sockets; default: the bundle's")
    return parser


def _positive(type: Any) -> Any:
    def parse(text: str) -> Any:
        value = type(text)
        if value < 0:
            raise ValueError
        return value

    parse.__name__ = "number"  # argparse says "invalid number value"
    return parse


def _run(arguments: argparse.Namespace) -> int:
    from egc_host.supervisor import archive  # noqa: PLC0415 - the other commands need none of this

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the loop takes it; what starts reads the newest bundle anyway
    archive.hold()
    from egc_host.supervisor.premises import Premises  # noqa: PLC0415 - likewise, and the archive is held now
    from egc_host.supervisor.service import Supervisor  # noqa: PLC0415 - likewise
    from egc_host.supervisor.settings import Settings, cpus  # noqa: PLC0415 - likewise
    from egc_host.supervisor.snapshot import last_good  # noqa: PLC0415 - likewise

    bundle = _first((arguments.bundle, last_good(arguments.state_dir or STATE)))
    run = arguments.run_dir or (bundle.run if bundle else RUN)
    base_id = arguments.base_id
    settings = Settings(
        bundle=arguments.bundle.absolute(),
        run=run.absolute(),
        state=(arguments.state_dir or (bundle.state if bundle else STATE)).absolute(),
        base_id=base_id if base_id is not None else bundle.envoy.base_id if bundle else 0,
        envoy=arguments.envoy,
        concurrency=arguments.concurrency,
        drain_time=arguments.drain_time_s,
        parent_shutdown_time=arguments.parent_shutdown_time_s,
        stop_drain_time=arguments.stop_drain_s,
        ready_timeout=arguments.ready_timeout_s,
        validate_timeout=arguments.validate_timeout_s,
        extra=tuple(arguments.extra),
        cpus=cpus(),
    )
    premises = Premises(settings.run, settings.base_id)
    code = Supervisor(settings).run()
    premises.leave()
    return code


def _first(folders: Iterable[Path]) -> bundles.Bundle | None:
    """The first of the folders that says where to run. What is wrong with the bundle is said at its start."""
    for folder in folders:
        with contextlib.suppress(Refusal):
            return bundles.read(folder)
    return None


def _reload(arguments: argparse.Namespace) -> int:
    command = {
        "command": "reload",
        "acceptEdited": arguments.accept_edited,
        "allowCold": arguments.allow_cold,
    }
    verdict = _ask(arguments, command, _PATIENCE)
    for finding in unpacked(verdict.get("findings", [])):
        print(finding, file=sys.stderr)
    if verdict["ok"]:
        print(f"reloaded in {verdict['ms']} ms: {verdict['message']}")
        return 0
    serving = f"epoch {verdict['epoch']} serves on" if verdict.get("epoch") is not None else "nothing serves"
    print(f"refused, {serving}", file=sys.stderr)
    return 1


def _status(arguments: argparse.Namespace) -> int:
    status = _ask(arguments, {"command": "status"}, 10)
    if arguments.json:
        print(json.dumps(status, indent=2))
    else:
        from egc_host.supervisor.report import lines  # noqa: PLC0415 - only here

        print(*lines(status), sep="\n")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from egc_host.supervisor.dry import problems  # noqa: PLC0415 - loads OpenSSL

    found = problems(arguments.bundle, arguments.envoy, arguments.run_dir)
    for finding in found:
        print(finding, file=sys.stderr)
    return int(any(finding.fatal for finding in found))


def _health(arguments: argparse.Namespace) -> int:
    status = _ask(arguments, {"command": "status"}, 5)
    return 0 if status["state"] in {"serving", "reloading"} else 1


def _ask(arguments: argparse.Namespace, command: dict[str, Any], timeout: float) -> dict[str, Any]:
    try:
        return client.ask(arguments.run_dir or _own_run(), command, timeout)
    except client.NotRunning as error:
        raise Refusal(findings.NOT_RUNNING, str(error)) from error


def _own_run() -> Path:
    """The run folder of the bundle that this program is part of."""
    try:
        return bundles.read(Path(sys.argv[0]).resolve().parents[1]).run
    except (Refusal, IndexError):
        return RUN


if __name__ == "__main__":
    sys.exit(main())
