"""What is odd, empty, too much, or never read: nothing of it stops the supervisor, nothing shows a traceback."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from egc_host import bundle as bundles
from egc_host.findings import Refusal
from egc_host.supervisor import admin, stop

from tests.host.bundles import Layout, make_bundle
from tests.host.supervised import PATIENCE, PROGRAM, Supervised, edit

T = TypeVar("T")

ODD = (-1, 10**30, 1.5, "a\0b", "\ud800", [1], {"a": 1}, float("inf"))


def test_odd_settings(layout: Layout) -> None:
    """NO_BUNDLE: whatever stands in the place of a value of host.json, it is seen before anything is done with it."""
    layout.lineages, layout.backend = {"shop": ["shop.example"]}, 1
    file = make_bundle(layout) / "host.json"
    sound = json.loads(file.read_text())
    for path in _paths(sound):
        for value in ODD:
            file.write_text(json.dumps(_changed(sound, path, value)))
            with pytest.raises(Refusal) as refused:
                bundles.read(file.parent)
            assert refused.value.finding.kind.code == ("EGC5103" if path == ["format"] else "EGC5100"), (path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["envoy", "openFiles"], None),
        (["envoy", "concurrency"], 0),
        (["envoy", "admin"], "127.0.0.1:"),
        (["envoy", "admin"], "nowhere.example:9901"),
        (["listeners", 0, "address"], "a" * 70),
        (["site"], "../other"),
        (["acme"], {"server": "https://ca.example/directory"}),
        (["directories", "run"], "run"),
    ],
)
def test_unusable_settings(layout: Layout, path: list[Any], value: Any) -> None:
    """NO_BUNDLE: so it is with values of the right type that cannot be meant."""
    file = make_bundle(layout) / "host.json"
    file.write_text(json.dumps(_changed(json.loads(file.read_text()), path, value)))
    with pytest.raises(Refusal) as refused:
        bundles.read(file.parent)
    assert refused.value.finding.kind.code == "EGC5100"


def test_deep_settings(layout: Layout) -> None:
    """NO_BUNDLE: JSON that nests deeper than Python reads."""
    bundle = make_bundle(layout)
    (bundle / "host.json").write_bytes(b"[" * 200_000)
    with pytest.raises(Refusal):
        bundles.read(bundle)


def _paths(data: Any) -> Iterator[list[Any]]:
    """Where values are."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield [key]
        yield from ([key, *rest] for rest in _paths(value))


def _changed(data: Any, path: list[Any], value: Any) -> Any:
    """A copy with one value changed."""
    copy = json.loads(json.dumps(data))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def test_admin_without_an_answer(tmp_path: Path) -> None:
    """An Envoy that closes its admin interface in this moment is not ready, and does not drain; it is no defect."""
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=_hang_up, args=(server, 2))
        thread.start()
        assert _result(admin.restarted(str(path))) == -1
        assert _result(stop.drain(str(path), 0, lambda: False)) is False
        thread.join()


def _hang_up(server: socket.socket, times: int) -> None:
    for _ in range(times):
        with contextlib.closing(server.accept()[0]) as connection:
            connection.recv(65536)


def _result(steps: Generator[float, None, T]) -> T:
    """What a task returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def test_nobody_reads_the_log(layout: Layout) -> None:
    """A full pipe stops no reload; what was lost is counted once somebody reads."""
    site = Supervised(layout)
    site.offer(make_bundle(layout))
    bad = edit(make_bundle(layout, "bad"), "envoy.yaml", lambda config: config.update(nonsense=1))
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as log, os.fdopen(writer, "wb", buffering=0) as end:
        site.process = subprocess.Popen([*PROGRAM, "run", str(layout.root / "current")], stdout=end, stderr=end)
        site.log.touch()
        try:
            site.until(lambda: site.state() == "serving")
            _fill(writer)
            assert site.reload(bad)["code"] == "EGC5122"
            assert site.state() == "serving"
            os.read(reader, 1 << 20)
            assert site.reload(bad)["code"] == "EGC5122"
            assert b"nobody read, and that are lost: 2" in log.read(1 << 16)
            site.process.terminate()
            assert site.process.wait(PATIENCE) == 0
        finally:
            site.process.kill()
            site.process.wait()


def _fill(pipe: int) -> None:
    """Write until nothing more goes in."""
    os.set_blocking(pipe, False)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipe, b"\n" * size)
    os.set_blocking(pipe, True)


def test_garbage(layout: Layout) -> None:
    """Whatever is sent to the control socket is answered or hung up on, and the site serves on."""
    deep, nines = b"[" * 4000 + b"\n", b"9" * 4000 + b"\n"
    with Supervised(layout) as site:
        for said in (
            deep,
            b"\xff\n",
            b"null\n",
            b'{"command": {}}\n',
            b'{"command": "\\ud800"}\n',
            nines,
        ):
            answer = _said(layout, said)
            assert (answer["ok"], answer["code"]) == (False, "EGC5141"), said
        assert site.state() == "serving" and site.get() == "v1"


def _said(layout: Layout, line: bytes) -> Any:
    """The answer to a line."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(layout.run / "ctl.sock"))
        connection.sendall(line)
        with connection.makefile("rb") as answer:
            return json.loads(answer.readline())


def test_a_halted_envoy(layout: Layout) -> None:
    """SERVING_DIED: one that stands still hands nothing over, and serves nothing: all is started anew."""
    with Supervised(layout, "--ready-timeout-s", "2") as site:
        os.kill(site.status()["pid"], signal.SIGSTOP)
        assert site.reload(make_bundle(layout, "v2"))["code"] == "EGC5125"
        assert site.process.wait(PATIENCE) == 1
        assert "error[EGC5142]: serving epoch 0 was halted" in site.logged()
    with site:
        assert site.get() == "v2"


def test_a_long_answer(layout: Layout) -> None:
    """A site with thousands of certificates has a status that no socket takes at once; who does not read it is left."""
    names = {f"site-{number}": [f"www.site-{number}.example"] for number in range(2000)}
    with Supervised(layout) as site:
        layout.lineages = names
        bundle = make_bundle(layout, "many")
        layout.lineages = {}
        plain = json.loads((make_bundle(layout, "v2") / "envoy.yaml").read_text())
        site.offer(edit(bundle, "envoy.yaml", lambda config: (config.clear(), config.update(plain))))
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(layout.run / "ctl.sock"))
            silent.sendall(b'{"command": "reload"}\n')
            verdict = site.reload()
            assert verdict["code"] == "EGC5200" and len(verdict["findings"]) >= 2000
            assert site.state() == "serving"


def test_without_its_lock(layout: Layout) -> None:
    """BASE_ID: when somebody removed the lock of the run folder, another supervisor leaves the copies there alone."""
    with Supervised(layout) as site:
        (layout.run / "lock").unlink()
        refused = site.command("run", str(layout.root / "current"))
        assert refused.returncode == 2 and "error[EGC5132]" in refused.stderr
        assert (layout.run / "epochs/0/envoy.yaml").is_file()


def test_links_in_a_circle(layout: Layout) -> None:
    """NO_BUNDLE: it is told as what it is, by a reload and by a check."""
    with Supervised(layout) as site:
        (layout.root / "circle").symlink_to("circle")
        assert site.reload(layout.root / "circle")["code"] == "EGC5100"
        checked = site.command("check", str(layout.root / "circle"))
        assert checked.returncode == 1 and "error[EGC5100]" in checked.stderr


def test_many_who_say_nothing(layout: Layout) -> None:
    """However many connections are left open, who asks is answered."""
    with Supervised(layout) as site, contextlib.ExitStack() as held:
        for _ in range(80):
            silent = held.enter_context(socket.socket(socket.AF_UNIX))
            silent.connect(str(layout.run / "ctl.sock"))
        assert site.state() == "serving"
