"""Real containers for tests, without a daemon and without a registry: podman with a store of its own."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from egc.envoy import binary
from tests.needs import need

SUITE = "trixie"
"""The release of Debian that Containerfile takes by default."""
BASE, ENVOY = "localhost/egc-test-base", "localhost/egc-test-envoy"
"""The images that stand for those of the registries."""

_PACKAGES = ("ca-certificates", "certbot", "openssl", "python3")
_TIMEOUT = 600.0


@dataclass(frozen=True)
class Engine:
    """Podman, with everything that it keeps below ``folder``; ``podman`` is the command, ready to use."""

    folder: Path
    podman: Path

    def run(self, *arguments: str, timeout: float = _TIMEOUT) -> str:
        """Output of a podman command; AssertionError with what it said if it fails."""
        return output([str(self.podman), *arguments], timeout)

    def script(self, path: Path, *files: Path) -> None:
        """Write a podman-compose that takes these files beside those it is given, and the images of tests."""
        # In a pod of its own, podman-compose shares more between the services than the file says.
        given = ["--podman-path", str(self.podman), "--in-pod", "false"]
        lines = (
            "#!/bin/sh",
            "# Called with --file FILE, and what to do.",
            f"export EGC_BASE_IMAGE={BASE} EGC_ENVOY_IMAGE={ENVOY}",
            "first=$2",
            "shift 2",
            f'exec {shlex.join([composer(), *given])} --file "$first" {shlex.join(more(files))} "$@"',
        )
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.chmod(0o755)

    def image(self, name: str, context: Path, *options: str) -> None:
        """Build an image from the folder *context*."""
        self.run("build", "--tag", name, *options, str(context))


def more(files: Iterable[Path]) -> list[str]:
    """Options of podman-compose that name files."""
    return [option for file in files for option in ("--file", str(file))]


def composer() -> str:
    """podman-compose of this environment: Debian 12's knows neither networks of other services nor aliases."""
    return str(Path(sys.executable).with_name("podman-compose"))


def output(command: list[str], timeout: float = _TIMEOUT) -> str:
    """Standard output of a command; AssertionError with all that it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Podman with the images of tests; everything it started and stored is gone afterwards."""
    if os.geteuid() != 0:
        lacking = "containers of tests need root"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    made = Engine(folder, _wrapper(folder))
    try:
        made.run("import", str(_base()), BASE)
        made.image(ENVOY, _envoy(folder / "envoy"))
        yield made
    finally:
        while made.run("ps", "--all", "--quiet"):  # one that others depend on goes last
            with contextlib.suppress(AssertionError):
                made.run("rm", "--force", "--all", "--time", "0")
        made.run("network", "prune", "--force")
        made.run("volume", "prune", "--force")
        shutil.rmtree(folder / "store", ignore_errors=True)


def _wrapper(folder: Path) -> Path:
    """Podman as it works without systemd, in a container too: no limits beyond ours, and cgroups by hand."""
    for program in ("conmon", "mmdebstrap", "runc"):
        need(program)
    podman = need("podman")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text("[containers]\ndefault_ulimits = []\n", encoding="utf-8")
    given = {
        "root": str(folder / "store"),
        "runroot": str(folder / "run"),
        "network-config-dir": str(folder / "networks"),
        "cgroup-manager": "cgroupfs",
        "runtime": "runc",
    }
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    # Copies of everything where there are no overlays, as in a container.
    probe = [podman, *options, "--storage-driver", "overlay", "info"]
    overlays = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    options += ["--storage-driver", "overlay" if overlays else "vfs"]
    script = f"""#!/bin/sh
export CONTAINERS_CONF={shlex.quote(str(folder / "containers.conf"))}
case ${{1-}} in
build) shift && set -- build --network host --isolation chroot "$@" ;;
create | run) command=$1 && shift && set -- "$command" --ulimit nproc=4096 --ulimit nofile=8192 "$@" ;;
esac
exec {shlex.join([podman, *options])} "$@"
"""
    wrapper = folder / "podman"
    wrapper.write_text(script, encoding="utf-8")
    wrapper.chmod(0o755)
    return wrapper


def _base() -> Path:
    """Debian with the packages of Containerfile, made once and kept."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = caches / "egc-tests" / f"{SUITE}.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(f".{os.getpid()}.tar")
        try:
            output(["mmdebstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", SUITE, str(fresh)])
            fresh.rename(kept)
        finally:
            fresh.unlink(missing_ok=True)
    return kept


def _envoy(context: Path) -> Path:
    """The context of an image with nothing but the Envoy of this environment, where the official one has it."""
    context.mkdir(parents=True, exist_ok=True)
    program = binary.find()
    assert program is not None
    shutil.copy(program, context / "envoy")
    (context / "Containerfile").write_text("FROM scratch\nCOPY envoy /usr/local/bin/envoy\n", encoding="utf-8")
    return context
