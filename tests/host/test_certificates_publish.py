"""How a pair is published: at once, never half, never to where somebody else wants it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from egc_host.certificates import lineage
from egc_host.findings import Kind, Refusal
from egc_host.findings import certificates as findings

from tests.host.lineages import contents

HOOKS = Path(__file__).parents[2] / "hooks"

KILLED = """
import os, signal, sys
from pathlib import Path
from egc_host.certificates import lineage

folder = Path(sys.argv[1])

def publish(text):
    lineage.publish((text, text), folder, None)

publish(b"0")
for moment in range(1000):
    child = os.fork()
    if not child:
        left = moment
        def kill(event, arguments):
            global left
            if event == "open" or event.startswith("os."):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(kill)
        publish(b"%d" % (moment + 1))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    chain, key = ((folder / "current" / file).read_bytes() for file in ("fullchain.pem", "privkey.pem"))
    assert chain == key, (moment, chain, key)
    if not status:
        break
print(moment, sorted(path.name for path in folder.iterdir() if not path.name.startswith("gen-")), chain.decode())
"""


def refused(kind: Kind, folder: Path) -> None:
    """A publication into *folder* is refused."""
    with pytest.raises(Refusal) as refusal:
        lineage.publish((b"new", b"new"), folder, None)
    assert refusal.value.finding.kind is kind


def test_generations(tmp_path: Path) -> None:
    """Each publication is a generation of its own, for root and its group only; two older ones are kept."""
    folder = tmp_path / "tls" / "a"
    names = [lineage.publish((b"chain %d" % number, b"key %d" % number), folder, None) for number in range(5)]
    assert len(set(names)) == 5
    assert contents(folder) == (b"chain 4", b"key 4")
    assert sorted(path.name for path in folder.iterdir()) == sorted(["current", *names[2:]])
    assert (folder / "current").readlink() == Path(names[4])
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert {modes[name] for name in ("a", *names[2:])} == {0o750}
    assert {modes[name] for name in (lineage.CHAIN, lineage.KEY)} == {0o640}


def test_group(tmp_path: Path) -> None:
    """The group may read what is published."""
    folder = tmp_path / "tls" / "a"
    group = 12345 if os.geteuid() == 0 else os.getgid()  # only root gives files to any group
    lineage.publish((b"", b""), folder, group)
    assert {path.lstat().st_gid for path in (folder, *folder.glob("*/*"), *folder.glob("gen-*"))} == {group}


def test_a_clock_that_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest generation is the one that was published last, whatever the clock says."""
    folder = tmp_path / "a"
    lineage.publish((b"1", b"1"), folder, None)
    monkeypatch.setattr("egc_host.certificates.lineage.time.strftime", lambda *_: "20000101T000000")
    lineage.publish((b"2", b"2"), folder, None)
    lineage.publish((b"3", b"3"), folder, None)
    assert contents(folder) == (b"3", b"3")
    assert len(list(folder.glob("gen-*"))) == 3


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "-a", "a\nb"])
def test_a_name_that_leads_elsewhere(name: str) -> None:
    """A lineage is called like a folder."""
    with pytest.raises(Refusal) as refusal:
        lineage.check_name(name)
    assert refusal.value.finding.kind is findings.NAME


def test_planted_links(tmp_path: Path) -> None:
    """No link in the place of a folder is followed, and what it points to is left alone."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "a").symlink_to(elsewhere)
    refused(findings.UNSAFE, tmp_path / "tls" / "a")
    (tmp_path / "link").symlink_to(elsewhere)
    refused(findings.UNSAFE, tmp_path / "link" / "a")
    assert not list(elsewhere.iterdir())


def test_planted_generation(tmp_path: Path) -> None:
    """A link in the place of a generation or of the link to be is removed, not followed."""
    folder, elsewhere = tmp_path / "a", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    lineage.publish((b"1", b"1"), folder, None)
    (folder / "gen-29990101T000000Z").symlink_to(elsewhere)
    (folder / ".current").symlink_to(elsewhere)
    lineage.publish((b"2", b"2"), folder, None)
    assert contents(folder) == (b"2", b"2")
    assert (elsewhere / "file").exists()
    assert len(list(folder.iterdir())) == 3


def test_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """Root does not write where others could plant a link."""
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls").chmod(0o777)
    refused(findings.UNSAFE, tmp_path / "tls" / "a")


def test_current_is_a_folder(tmp_path: Path) -> None:
    """What somebody made by hand is not replaced."""
    (tmp_path / "a" / "current").mkdir(parents=True)
    refused(findings.UNSAFE, tmp_path / "a")
    assert not list((tmp_path / "a").glob("gen-*"))


def test_killed_at_every_moment(tmp_path: Path) -> None:
    """Whenever a publication is killed, the pair that is current is whole, and the next one sweeps."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "a"],
        env={"PYTHONPATH": str(HOOKS)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    moments, others, text = done.stdout.split(" ", 1)[0], "['current']", done.stdout.split()[-1]
    assert int(moments) > 10 and others in done.stdout and text == str(int(moments) + 1)
    assert len(list((tmp_path / "a").glob("gen-*"))) <= 3


def test_refused_at_the_last_moment(tmp_path: Path) -> None:
    """What is not accepted leaves nothing behind."""
    lineage.publish((b"1", b"1"), tmp_path / "a", None)

    def refuse(chain: Path, key: Path) -> None:
        assert (chain.read_bytes(), key.read_bytes()) == (b"2", b"2")
        raise Refusal(findings.NOT_PUBLISHED, "no")

    with pytest.raises(Refusal):
        lineage.publish((b"2", b"2"), tmp_path / "a", None, refuse)
    assert contents(tmp_path / "a") == (b"1", b"1")
    assert len(list((tmp_path / "a").iterdir())) == 2
