"""`egc-site certs`: the certificates of a site, and what certbot's hooks run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from egc_host.certificates import certbot, issue, listing, placeholder
from egc_host.certificates.deploy import deploy
from egc_host.certificates.notes import Notes
from egc_host.certificates.post import post
from egc_host.certificates.survey import survey
from egc_host.certificates.sync import sync
from egc_host.findings import Finding
from egc_host.findings import certificates as findings
from egc_host.located import locate
from egc_host.terminal import guarded, say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from egc_host.bundle import Bundle


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit code: 1 when something needs a hand, 2 for a wrong command line.

    3 is a defect of this program.
    """
    return guarded(lambda: _run_command(argv), findings.UNWRITABLE)


def _run_command(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    run: Callable[[Bundle, argparse.Namespace], bool] = arguments.run
    prefix = os.environ.get("EGC_PREFIX")
    return 0 if run(locate(arguments.bundle, Path(prefix).absolute() if prefix else None), arguments) else 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--bundle", metavar="DIR", help="folder of the bundle; default: the one this program is from")
    default = Path(os.environ.get("EGC_CERTBOT_DIR") or certbot.CONFIG)
    common.add_argument("--config-dir", metavar="DIR", type=Path, default=default, help=f"certbot's ({default})")
    asking = argparse.ArgumentParser(add_help=False, parents=[common])
    asking.add_argument("--certbot", metavar="PATH", help="the certbot to run; default: the one in PATH")
    asking.add_argument("--work-dir", metavar="DIR", type=Path, help="certbot's; default: its own")
    asking.add_argument("--logs-dir", metavar="DIR", type=Path, help="certbot's; default: its own")
    asking.add_argument("--force", action="store_true", help="ask anew for certificates that are not due")
    asking.add_argument("--dry-run", action="store_true", help="only see whether the CA would issue")
    asking.add_argument("-v", "--verbose", action="store_true", help="show what certbot says")
    parser = argparse.ArgumentParser(prog="egc-site certs", description="Issue, renew and check certificates.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str,
        run: Callable[[Bundle, argparse.Namespace], bool],
        help: str,
        parent: argparse.ArgumentParser = common,
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[parent], help=help, description=help[0].upper() + help[1:] + ".")
        added.set_defaults(run=run)
        return added

    command("list", _list, "list certificates").add_argument("--json", action="store_true", help="as JSON")
    command("check", _check, "say what needs a hand; exits 1 if anything does")
    added = command("issue", _issue, "ask the CA for the lineages that certbot does not have", asking)
    added.add_argument("lineages", metavar="LINEAGE", nargs="*", help="only these; default: all")
    added.add_argument("--staging", action="store_true", help="ask Let's Encrypt's staging server")
    command("renew", _renew, "have certbot renew what is due", asking)
    command("sync", _sync, "publish what certbot has and Envoy does not; what egc-cert-sync runs")
    command("placeholders", _placeholders, "make what stands in for lineages that were never issued")
    command("deploy", _deploy, "publish the lineage in RENEWED_LINEAGE; what certbot's deploy hook runs")
    command("post", _post, "have Envoy take up what was published; what certbot's post hook runs")
    return parser


def _list(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    rows = survey(bundle, arguments.config_dir)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    say(listing.as_json(rows) if arguments.json else listing.table(rows, colour=colour))
    return True


def _check(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    rows = survey(bundle, arguments.config_dir)
    found = [finding for row in rows for finding in row.findings]
    waiting = Notes(bundle.state).marked()
    if waiting:
        found.append(Finding(findings.RELOAD_REFUSED, f"Envoy has yet to take up {', '.join(waiting)}"))
    for finding in found:
        tell(finding)
    if not found:
        say("1 certificate is in order" if len(rows) == 1 else f"{len(rows)} certificates are in order")
    return not found


def _issue(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    return issue.issue(
        bundle, _certbot(bundle, arguments), arguments.lineages, _wish(arguments, staging=arguments.staging)
    )


def _renew(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    return issue.renew(bundle, _certbot(bundle, arguments), _wish(arguments, staging=False))


def _sync(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    return sync(bundle, arguments.config_dir)


def _placeholders(bundle: Bundle, _: argparse.Namespace) -> bool:
    for name in placeholder.ensure(bundle):
        say(f"{name}: a placeholder stands in until the first issuance")
    return True


def _deploy(bundle: Bundle, arguments: argparse.Namespace) -> bool:
    deploy(bundle, arguments.config_dir, os.environ.get("RENEWED_LINEAGE", ""))
    Notes(bundle.state).renewals(renewed=os.environ.get("RENEWED_DOMAINS", "").split())
    return True


def _post(bundle: Bundle, _: argparse.Namespace) -> bool:
    if os.environ.get(issue.LATER):
        return True
    # Since 2.7, certbot says what it renewed and what it could not.
    renewed, failed = (os.environ.get(name, "").split() for name in ("RENEWED_DOMAINS", "FAILED_DOMAINS"))
    if renewed or failed:
        Notes(bundle.state).renewals(renewed, failed)
    found = post(bundle)
    for finding in found:
        tell(finding)
    return not found


def _wish(arguments: argparse.Namespace, *, staging: bool) -> issue.Wish:
    return issue.Wish(staging, arguments.dry_run, arguments.force, arguments.verbose)


def _certbot(bundle: Bundle, arguments: argparse.Namespace) -> certbot.Certbot:
    trust = (bundle.acme or {}).get("caBundle")
    return certbot.Certbot(
        certbot.find(arguments.certbot),
        arguments.config_dir,
        arguments.work_dir,
        arguments.logs_dir,
        Path(trust) if trust else None,
    )
