"""Which bundle the programs of a host are about."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from egc_host.bundle import Bundle, read
from egc_host.findings import Refusal
from egc_host.findings import release as findings
from egc_host.terminal import tell

RELEASES = Path("/opt/egc")
"""Where releases are unless egc.yaml says otherwise."""


def locate(given: str | None, prefix: Path | None, *, site: bool = False) -> Bundle:
    """The bundle in the folder *given*; else the one whose program runs; else the only one installed below *prefix*.

    It may lack files: what takes it back or mends it must work. If only its ``site`` matters, another release of that
    will do where it cannot be read, which is told. Refusal if there is none, or more than one.
    """
    try:
        return _locate(given, prefix)
    except Refusal as refusal:
        others = _others(prefix) if site and given is None else []
        for other in others:
            with contextlib.suppress(Refusal):
                bundle = read(other)
                tell(refusal.finding)
                return bundle
        raise


def _locate(given: str | None, prefix: Path | None) -> Bundle:
    if given is not None:
        return read(Path(given))
    program = _own()
    if (program / "manifest.json").is_file():
        return read(program)
    installed = sorted(below(prefix, RELEASES).glob("*/current"))
    if len(installed) != 1:
        found = ", ".join(map(str, installed)) or f"no {below(prefix, RELEASES)}/*/current"
        raise Refusal(findings.WHICH_BUNDLE, f"no bundle was named, and there is not just one: {found}")
    return read(installed[0])


def _own() -> Path:
    """The folder of the bundle that this program is from, if it is from one: an archive in the folder bin."""
    program = Path(sys.argv[0]).resolve()
    return program.parents[1] if program.parent.name == "bin" else Path(os.devnull)


def _others(prefix: Path | None) -> list[Path]:
    """The releases of the site that the program is from, or of the only one that is installed; the newest first."""
    found = sorted(below(prefix, RELEASES).glob("*/releases"))
    own = _own().parent
    folders = own.glob("[!.]*") if own.name == "releases" else found[0].glob("[!.]*") if len(found) == 1 else []
    return sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)


def below(prefix: Path | None, path: Path) -> Path:
    """*path* as it is below *prefix*; a path that is there already stays."""
    if prefix is None or prefix == path or prefix in path.parents:
        return path
    return prefix / path.relative_to("/")


def envoy_of(bundle: Bundle, release: Path | None = None) -> str | None:
    """The Envoy to run: the one given to `install --envoy`, or else the one of egc.yaml; None: the one on PATH.

    ``release`` is where the bundle was copied from, if it is a copy.
    """
    folder = release or bundle.folder
    given = folder.parent.parent / "envoy"
    if folder.parent.name == "releases" and given.is_symlink():
        return str(given.readlink())
    return bundle.envoy.path
