"""Ask the CA, through certbot, for what the bundle needs."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from egc_host.certificates import account
from egc_host.certificates.challenge import unreachable
from egc_host.certificates.lineage import check_name
from egc_host.certificates.notes import Notes
from egc_host.certificates.survey import soon
from egc_host.certificates.sync import sync
from egc_host.findings import Finding, Refusal
from egc_host.findings import certificates as findings
from egc_host.terminal import say, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from egc_host.bundle import Bundle, Lineage
    from egc_host.certificates.certbot import Certbot

LATER = "EGC_POST_LATER"
"""Set in the environment of a post hook that leaves it to its caller to have Envoy take up certificates."""


@dataclass(frozen=True)
class Wish:
    """How to issue. ``force`` asks anew for what is there; ``verbose`` shows certbot's output whatever comes."""

    staging: bool = False
    dry_run: bool = False
    force: bool = False
    verbose: bool = False


def issue(bundle: Bundle, certbot: Certbot, names: Sequence[str], wish: Wish) -> bool:
    """Issue the named lineages, or all that certbot does not have; says whether all is in order then."""
    lineages = _chosen(bundle, names)
    acme = bundle.acme
    if acme is None or any(lineage.certbot is None for lineage in lineages):
        raise Refusal(findings.NO_ACME, f"the bundle {bundle.folder} was built without certificates.acme")
    url = account.server(acme, staging=wish.staging)
    due = [lineage for lineage in lineages if wish.force or wish.dry_run or _lacking(certbot, lineage, url)]
    for lineage in lineages:
        if lineage not in due:
            say(f"{lineage.name}: certbot has it, with all names (--force asks anew)")
    found = [finding for lineage in due for finding in certbot.too_old(lineage.certbot or ())]
    found += [finding for lineage in due for finding in unreachable(bundle, lineage)]
    if found:
        for finding in found:
            tell(finding)
        return False
    with account.options(acme, url) as options:
        good = [_issue(bundle, certbot, lineage, options, wish) for lineage in due]
    if wish.dry_run:
        return all(good)
    # Hooks may have failed, and then certbot does not say so.
    return sync(bundle, certbot.config) and all(good)


def renew(bundle: Bundle, certbot: Certbot, wish: Wish) -> bool:
    """Have certbot renew what is due, and see that it is served; says whether all is in order then."""
    arguments = ["renew", "--no-random-sleep-on-renew"]
    arguments += ["--force-renewal"] if wish.force else []
    arguments += ["--dry-run", *account.rehearsal(bundle.acme)] if wish.dry_run else ["--quiet"]
    notes, began = Notes(bundle.state), int(time.time())
    done = certbot.run(*arguments, **({LATER: "1"} if wish.dry_run else {}))
    if done.returncode or wish.verbose or wish.dry_run:
        _show(done.stdout, failed=done.returncode != 0)
    if wish.dry_run:
        return done.returncode == 0
    if not done.returncode:
        notes.renewals(afresh=True)
    elif not any(at >= began for at in notes.failed_renewals().values()):  # else the post hook was told what failed
        notes.renewals(failed=["what was due"])
    return sync(bundle, certbot.config)


def _chosen(bundle: Bundle, names: Sequence[str]) -> list[Lineage]:
    known = {check_name(lineage.name): lineage for lineage in bundle.lineages}
    for name in names:
        if name not in known:
            raise Refusal(
                findings.UNKNOWN_LINEAGE, f"the bundle has no lineage {name!r}; it has {', '.join(known) or 'none'}"
            )
    return [known[name] for name in names or known]


def _lacking(certbot: Certbot, lineage: Lineage, url: str) -> bool:
    """Whether certbot does not have the lineage, with all its names, from that server, for a while yet."""
    kept = certbot.kept(lineage.name)
    if kept is None or soon(kept) or certbot.server(lineage.name) != url:
        return True
    return not all(kept.covers(name) for name in lineage.hostnames)


def _issue(bundle: Bundle, certbot: Certbot, lineage: Lineage, options: Sequence[str], wish: Wish) -> bool:
    programs = _programs(bundle)
    arguments = [
        "certonly",
        "--cert-name",
        lineage.name,
        "--renew-with-new-domains",
        *options,
        *(lineage.certbot or ()),
    ]
    arguments += ["--deploy-hook", shlex.quote(str(programs / "certbot-deploy"))]
    arguments += ["--post-hook", shlex.quote(str(programs / "certbot-post"))]
    if wish.dry_run:
        arguments += ["--dry-run"]
    elif certbot.kept(lineage.name) is not None:
        arguments += ["--force-renewal"]  # it was asked for, or what is kept will not do
    began = time.monotonic()
    done = certbot.run(*arguments, **{LATER: "1"})
    took = time.monotonic() - began
    if done.returncode or wish.verbose:
        _show(done.stdout, failed=done.returncode != 0)
    if done.returncode:
        tell(Finding(findings.CERTBOT_FAILED, f"{lineage.name}: certbot ended with status {done.returncode}"))
        return False
    kept = certbot.kept(lineage.name)
    if wish.dry_run:
        say(f"{lineage.name}: would be issued, in {took:.1f} s")
    elif kept is None:
        tell(
            Finding(
                findings.CERTBOT_FAILED, f"{lineage.name}: certbot ended well, but {certbot.config} has no certificate"
            )
        )
    else:
        say(f"{lineage.name}: issued serial {kept.serial} by {kept.issuer}, in {took:.1f} s")
    return wish.dry_run or kept is not None


def _show(output: str, *, failed: bool) -> None:
    """What certbot said, where it belongs."""
    with contextlib.suppress(OSError):
        print(output.rstrip(), file=sys.stderr if failed else sys.stdout)


def _programs(bundle: Bundle) -> Path:
    """The folder of the hooks for certbot to remember: if the bundle is installed, that of whichever is current."""
    current = bundle.folder.parents[1] / "current"
    return (current if os.path.realpath(current) == os.fspath(bundle.folder) else bundle.folder) / "bin"
