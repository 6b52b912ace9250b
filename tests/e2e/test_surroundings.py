"""What a machine may lack: permissions, room, streams, a home, an Envoy. The command says so, and writes nothing."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from egc.envoy import binary
from tests.e2e.test_abuse import EGC, SITE

SURROUNDINGS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

# What a process does to itself before it becomes the command.
# Root without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH is held by permissions as others are; 24 is PR_CAPBSET_DROP:
# https://man7.org/linux/man-pages/man2/PR_CAPBSET_DROP.2const.html
WITHOUT_PRIVILEGES = "import ctypes; [ctypes.CDLL(None).prctl(24, number, 0, 0, 0) for number in (1, 2)]"
# The system refuses what makes a file larger than a kilobyte, as it refuses to fill a full disk.
WITHOUT_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
IN_A_CLOSED_FOLDER = "import os; os.chdir('closed'); os.chmod('.', 0)"
WITHOUT = "import os; os.close({})"
BECOME = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"

MACHINE = 18  # where an ELF file says for which machine it is: https://man7.org/linux/man-pages/man5/elf.5.html


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a sound site, which is all that is in it."""
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


def egc(cwd: Path, *arguments: str, before: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command; it shows no traceback and tells of no defect."""
    command = [sys.executable, "-c", f"{before}\n{BECOME}", *EGC, *arguments] if before else [*EGC, *arguments]
    settings = {"env": SURROUNDINGS, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(command, cwd=cwd, text=True, timeout=60, check=False, **{**settings, **more})
    said = done.stderr or ""
    assert "Traceback" not in said and "EGC0900" not in said, said
    return done


def build(cwd: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Build the site to ``dist``."""
    return egc(cwd, "build", "site.yaml", "-o", "dist", *arguments, **more)


def refused(done: subprocess.CompletedProcess[str], code: str, status: int) -> None:
    """The command said just that, and exited so."""
    assert re.findall(r"^error\[(EGC\d+)\]", done.stderr, re.MULTILINE) == [code], done.stderr
    assert done.returncode == status


def tree(folder: Path) -> set[str]:
    """All files and folders below *folder*, hidden ones included."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("closed", ["site.yaml", "."])
def test_nothing_to_read(here: Path, closed: str) -> None:
    """A file or folder that may not be read is told, and the rest is not served without it."""
    folder = here / "site"
    folder.mkdir()
    (here / "site.yaml").rename(folder / "site.yaml")
    (folder / closed).chmod(0)
    done = egc(here, "build", "site", "-o", "dist", before=WITHOUT_PRIVILEGES)
    folder.chmod(0o700)
    refused(done, "EGC0002", 2)
    assert not (here / "dist").exists()


@pytest.mark.parametrize("mode", [0o555, 0])
def test_nowhere_to_write(here: Path, mode: int) -> None:
    """A folder that nothing may be written to, or that may not even be looked into, is told."""
    folder = here / "closed"
    folder.mkdir(mode=mode)
    refused(egc(here, "build", "site.yaml", "-o", "closed/dist", before=WITHOUT_PRIVILEGES), "EGC5012", 2)
    folder.chmod(0o700)
    assert tree(here) == {"site.yaml", "closed"}


def test_nowhere_to_be(here: Path) -> None:
    """A working folder that may not be looked into is no matter as long as nothing there is asked for."""
    folder = here / "closed"
    folder.mkdir()
    before = f"{IN_A_CLOSED_FOLDER}; {WITHOUT_PRIVILEGES}"
    done = egc(here, "build", str(here / "site.yaml"), "-o", str(here / "dist"), before=before)
    folder.chmod(0o700)
    assert done.returncode == 0, done.stderr


def test_a_name_that_no_folder_can_have(here: Path) -> None:
    """An output folder with too long a name is told."""
    refused(egc(here, "build", "site.yaml", "-o", "x" * 300), "EGC5012", 2)


def test_no_name(here: Path) -> None:
    """An empty name, such as that of a variable that is not set, is not the current folder."""
    done = egc(here, "build", "site.yaml", "-o", "")
    assert done.returncode == 2
    assert "-o is empty" in done.stderr
    assert tree(here) == {"site.yaml"}


def test_a_manifest_of_others(here: Path) -> None:
    """A folder whose manifest.json is a web page's is not replaced."""
    folder = here / "dist"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"name": "shop", "icons": []}))
    refused(build(here), "EGC5011", 2)
    assert tree(here) == {"site.yaml", "dist", "dist/manifest.json"}


def test_a_bundle_among_the_input(here: Path) -> None:
    """The output folder may lie in the folder that is built: what egc made is no input."""
    for _ in range(2):
        done = egc(here, "build", ".", "-o", "dist", "--no-validate")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", ["site.yaml", "site.yaml/below", "x" * 300])
def test_nowhere_to_begin(here: Path, folder: str) -> None:
    """A new site that cannot be written is told."""
    done = egc(here, "init", folder)
    assert done.returncode == 2
    assert f"Error: {folder}" in done.stderr
    assert tree(here) == {"site.yaml"}


def test_no_room_for_the_bundle(here: Path) -> None:
    """A full disk is told; the old bundle stays, and nothing of the new one."""
    assert build(here).returncode == 0
    before = tree(here)
    (here / "site.yaml").write_text(SITE.replace("8080", "8081"), encoding="utf-8")
    refused(build(here, "--no-validate", before=WITHOUT_ROOM), "EGC5012", 2)
    assert tree(here) == before
    assert "8080" in (here / "dist" / "envoy.yaml").read_text(encoding="utf-8")


def test_no_room_to_ask_envoy(here: Path) -> None:
    """Without room for the copy that Envoy is asked about, nothing is written."""
    refused(build(here, before=WITHOUT_ROOM), "EGC6005", 1)
    assert tree(here) == {"site.yaml"}


def test_no_room_for_the_cache(here: Path) -> None:
    """What is only kept to be quicker next time is done without, and leaves nothing half-made."""
    cache = here / "cache"
    done = egc(here, "check", "site.yaml", before=WITHOUT_ROOM, env={**SURROUNDINGS, "XDG_CACHE_HOME": str(cache)})
    assert done.stderr.count("EGC6005") == 1
    assert {path.suffix for path in cache.rglob("*") if path.is_file()} <= {".version"}


def test_no_room_for_what_is_said(here: Path) -> None:
    """Output that cannot be written is an error."""
    with Path("/dev/full").open("w") as full:
        done = egc(here, "check", "site.yaml", "--diagnostics", "json", stdout=full)
    assert (done.returncode, done.stderr) == (1, "egc: no space left on device\n")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream(here: Path, number: int) -> None:
    """A standard stream that the caller has closed is not missed, and no file takes its number."""
    done = build(here, before=WITHOUT.format(number))
    assert done.returncode == 0, done.stderr
    assert (here / "dist" / "envoy.yaml").exists()


def test_input_from_a_closed_stream(here: Path) -> None:
    """A site that was to come from there is told as missing."""
    refused(egc(here, "build", "-", "-o", "dist", before=WITHOUT.format(0)), "EGC2003", 1)


@pytest.mark.parametrize("arguments", [("--diagnostics", "json"), ("nowhere.yaml",), ("--nonsense",)])
def test_nobody_listens(here: Path, arguments: tuple[str, ...]) -> None:
    """Where the reader of all output has gone, there is an exit code and no more."""
    end, pipe = os.pipe()
    os.close(end)
    done = egc(here, "build", "site.yaml", "-o", "dist", *arguments, stdout=pipe, stderr=pipe)
    os.close(pipe)
    assert done.returncode in (1, 2)


def test_no_home_and_no_cache(here: Path) -> None:
    """Without a home, and with a cache that cannot be written, the build is only slower."""
    for change in ({"HOME": ""}, {"XDG_CACHE_HOME": "/proc/egc"}, {"HOME": "/proc", "XDG_CACHE_HOME": ""}):
        done = build(here, env={**SURROUNDINGS, **change})
        assert done.returncode == 0, done.stderr


def test_no_language(here: Path) -> None:
    """In the C locale, text of other languages is shown as it is."""
    (here / "site.yaml").write_text(SITE.replace("kind: Backend\nmeta", "kind: Bäckend\nmeta"), encoding="utf-8")
    for change in ({}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = build(here, env={**SURROUNDINGS, "LC_ALL": "C", **change})
        assert done.returncode == 1
        assert "Bäckend is not supported" in done.stderr


def test_not_an_envoy(here: Path) -> None:
    """What is no Envoy is told as such, whether it was named by option or by environment."""
    (here / "text").write_text("envoy", encoding="utf-8")
    refused(build(here, "--envoy", "/bin/true"), "EGC6004", 1)
    for done in (build(here, "--envoy", "text"), build(here, env={**SURROUNDINGS, "EGC_ENVOY": str(here / "text")})):
        assert done.returncode == 2
        assert "no such program" in done.stderr
    assert tree(here) == {"site.yaml", "text"}


def test_an_envoy_for_another_machine(here: Path, envoy: Path) -> None:
    """An Envoy that cannot run here can still say what it accepts."""
    real = binary.find(str(envoy))
    assert real is not None
    content = bytearray(real.read_bytes())
    content[MACHINE] ^= 0xFF
    other = here / "envoy"
    other.write_bytes(content)
    other.chmod(0o755)
    refused(build(here, "--envoy", str(other)), "EGC6005", 1)
    done = build(here, "--envoy", str(other), "--no-validate")
    assert done.returncode == 0, done.stderr


def test_interrupted_while_waiting(here: Path) -> None:
    """Ctrl-C ends the wait for standard input, too."""
    command = [*EGC, "build", "-", "-o", "dist"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=here, env=SURROUNDINGS, stdin=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        process.stdin.write(b"# to be continued\n")
        process.stdin.flush()
        end = time.monotonic() + 30
        while waiting(process.stdin.fileno()) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said.strip()) == (130, b"egc: interrupted")
    assert tree(here) == {"site.yaml"}


def waiting(pipe: int) -> int:
    """How many bytes in a pipe were not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
