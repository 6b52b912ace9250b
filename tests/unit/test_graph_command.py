"""``egc graph`` as a command: formats, exit codes, what it writes and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.case import FIXTURES
from tests.drawn import site

ROOT = str(Path(__file__).parents[2])
SOUND = site(1).replace("nowhere", "https-0").replace("gone", "backend-0")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a sound site, a broken one, and one that cannot be read."""
    (tmp_path / "sound.yaml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(site(1), encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("spec: [", encoding="utf-8")
    return tmp_path


def graph(here: Path, *arguments: str, program: tuple[str, ...] = ("-m", "egc")) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, *program, "graph", *arguments]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("site.svg", "<?xml"),
        ("site.html", "<!doctype html>"),
        ("site.htm", "<!doctype html>"),
        ("site.mmd", "flowchart LR"),
        ("site.dot", "digraph site {"),
        ("site.GV", "digraph site {"),
    ],
)
def test_the_suffix_chooses(here: Path, name: str, begins: str) -> None:
    """A sound site is drawn in silence, but for a line that counts."""
    done = graph(here, "sound.yaml", "-o", name)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"drew {name}: 1 Gateway, 1 route, 1 backend in ")
    assert (here / name).read_text(encoding="utf-8").startswith(begins)
    assert sorted(path.name for path in here.iterdir()) == sorted(["sound.yaml", "broken.yaml", "wrong.yaml", name])


def test_what_cannot_be_read_under_a_broken_policy(here: Path) -> None:
    """A route without a card is no reason to draw nothing."""
    unreadable = FIXTURES / "features" / "degrade" / "unreadable" / "in.yaml"
    policy = """---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: closed}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: eg}]
  jwt: {providers: []}
"""
    (here / "site.yaml").write_text(unreadable.read_text(encoding="utf-8") + policy, encoding="utf-8")
    done = graph(here, "site.yaml", "-o", "-", "--format", "dot")
    assert done.returncode == 1
    assert done.stdout.startswith("digraph site {")


@pytest.mark.parametrize("output", ["sound.yaml", "./sound.yaml", "new.yaml", "egc.yaml"])
def test_the_input_stays(here: Path, output: str) -> None:
    """No picture is written over the site, or where the next build would read it."""
    paths = (".",) if output == "new.yaml" else ("sound.yaml",)
    done = graph(here, *paths, "-o", output, "--format", "dot")
    assert (done.returncode, "a file of the input" in done.stderr) == (2, True)
    assert (here / "sound.yaml").read_text(encoding="utf-8") == SOUND
    assert not (here / "new.yaml").exists()


def test_format_overrides(here: Path) -> None:
    """``--format`` knows better than the suffix, and is all there is for standard output."""
    assert graph(here, "sound.yaml", "-o", "site.txt", "--format", "mmd").returncode == 0
    done = graph(here, "sound.yaml", "-o", "-", "--format", "mmd")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (here / "site.txt").read_text(encoding="utf-8")


def test_broken_sites_are_drawn(here: Path) -> None:
    """What ``egc check`` reports is reported, and the code is the same; the picture is there nevertheless."""
    done = graph(here, "broken.yaml", "-o", "site.svg")
    assert done.returncode == 1
    assert "error[EGC2021]" in done.stderr and "error[EGC2030]" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("drew site.svg: ") and done.stderr.endswith("; 2 errors\n")
    assert "does not exist" in (here / "site.svg").read_text(encoding="utf-8")


def test_what_cannot_be_read_is_left_out(here: Path) -> None:
    """The rest of a site is drawn."""
    done = graph(here, "sound.yaml", "wrong.yaml", "-o", "site.dot")
    assert done.returncode == 1
    assert "route-0" in (here / "site.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sound.yaml",), "Missing option '-o'"),
        (("-o", "site.svg"), "which site?"),
        (("sound.yaml", "-o", "-"), "-o -: which format? Say --format svg|html|mmd|dot"),
        (("sound.yaml", "-o", "site.png"), "-o site.png: which format?"),
        (("sound.yaml", "-o", "nowhere/site.dot"), "-o nowhere/site.dot: No such file or directory"),
        (("absent.yaml", "-o", "site.dot"), "nothing was drawn"),
        (("sound.yaml", "-o", "site.dot", "--profile", "absent.yaml"), "nothing was drawn"),
    ],
)
def test_wrong_usage(here: Path, arguments: tuple[str, ...], said: str) -> None:
    """The code is 2, and nothing is written."""
    before = sorted(here.iterdir())
    done = graph(here, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert sorted(here.iterdir()) == before


def test_without_graphviz(here: Path) -> None:
    """One line says what to install; what needs no layout is drawn, and does not even look for it."""
    without = ("-c", "import sys; sys.modules['pygraphviz'] = None\nfrom egc.cli import main\nmain()")
    for name in ("site.svg", "site.html"):
        done = graph(here, "sound.yaml", "-o", name, program=without)
        assert done.returncode == 2
        assert f"Error: {name[5:]} needs Graphviz: pip install 'egc[graph]'; dot and mmd do without\n" in done.stderr
        assert not (here / name).exists()
    for name in ("site.dot", "site.mmd"):
        assert graph(here, "sound.yaml", "-o", name, program=without).returncode == 0


def test_a_link_and_a_pipe_stay_what_they_are(here: Path) -> None:
    """A device is written to, not replaced."""
    assert graph(here, "sound.yaml", "-o", "/dev/null", "--format", "dot").returncode == 0
    assert Path("/dev/null").is_char_device()
    (here / "target.dot").write_text("old", encoding="utf-8")
    (here / "link.dot").symlink_to("target.dot")
    assert graph(here, "sound.yaml", "-o", "link.dot").returncode == 0
    assert (here / "link.dot").is_symlink()
    assert (here / "target.dot").read_text(encoding="utf-8").startswith("digraph")
