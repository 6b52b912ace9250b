"""Bad input, bad places and bad moments: a clear error, the right exit code, nothing written, never a traceback."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SITE = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: eg
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: app}
spec:
  parentRefs: [{name: web}]
  rules:
  - matches: [{path: {value: /app}}]
    backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: app}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: app}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: 8000}}]}
"""
NOBODY = 65534
ROUTE = SITE.split("---\n")[2]
EGC = (sys.executable, "-m", "egc")
Write = Callable[[Path], object]


def egc(*arguments: str, cwd: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    options: dict[str, object] = {"stdin": subprocess.DEVNULL, "env": environment, "timeout": 60, **more}
    return subprocess.run([*EGC, *arguments], cwd=cwd, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]  # options are passed on


def refused(done: subprocess.CompletedProcess[str], code: str, status: int, folder: Path) -> None:
    """The run ended with that diagnostic and status, and wrote nothing."""
    assert code in re.findall(r"\[(EGC\d+)\]", done.stderr), done.stderr
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "EGC0900" not in done.stderr
    assert not (folder / "dist").exists()


def text(content: str) -> Write:
    """A file of that content."""
    return lambda path: path.write_text(content, encoding="utf-8")


def binary(content: bytes) -> Write:
    """A file of those bytes."""
    return lambda path: path.write_bytes(content)


def listener(path: Path) -> None:
    """A socket in the place of a file."""
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(path))  # an absolute path may be too long for a socket


def bomb() -> str:
    """A few lines that stand for a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    return "\n".join(lines)


CASES: dict[str, tuple[Write, str, int]] = {
    "empty file": (text(""), "EGC2003", 1),
    "binary file": (binary(b"\x7fELF\x00\x00\x00" * 100), "EGC0003", 2),
    "garbage": (binary(b"\xff\xfe\xfd" * 100_000), "EGC0003", 2),
    "large garbage": (binary(b"%PDF {]: \n" * 5_000_000), "EGC1001", 1),
    "deep lists": (text("[" * 10_000), "EGC1010", 1),
    "deep mappings": (text("".join(" " * i + "a:\n" for i in range(2_000))), "EGC1010", 1),
    "alias bomb": (text(bomb()), "EGC1009", 1),
    "tab": (text("a:\n\tb: 1\n"), "EGC1001", 1),
    "two of one name": (text(SITE + "---\n" + ROUTE), "EGC1046", 1),
    "scalar document": (text("just words\n"), "EGC1040", 1),
    "regular expression": (
        text(SITE.replace("{value: /app}", "{type: RegularExpression, value: '/(?=a)'}")),
        "EGC2051",
        1,
    ),
    "dots in a path": (text(SITE.replace("/app}}", "/a/../b}}")), "EGC2050", 1),
    "space in a header": (
        text(
            SITE.replace(
                "matches: [{path: {value: /app}}]",
                "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X A, value: a}]}}]",
            )
        ),
        "EGC1044",
        1,
    ),
    "port 0": (text(SITE.replace("port: 8080", "port: 0")), "EGC1044", 1),
    "port 70000": (text(SITE.replace("port: 8080", "port: 70000")), "EGC1044", 1),
    "a socket": (listener, "EGC0002", 2),
}


@pytest.mark.parametrize(("write", "code", "status"), CASES.values(), ids=CASES.keys())
def test_bad_file(tmp_path: Path, write: Write, code: str, status: int) -> None:
    """A bad file is told as what it is."""
    write(tmp_path / "site.yaml")
    refused(egc("build", "site.yaml", "-o", "dist", "--no-validate", cwd=tmp_path), code, status, tmp_path)


@pytest.mark.parametrize("change", [lambda s: "\ufeff" + s, lambda s: s.replace("\n", "\r\n")], ids=["BOM", "CRLF"])
def test_other_editors(tmp_path: Path, change: Callable[[str], str]) -> None:
    """A byte order mark and the line breaks of other systems make no difference."""
    (tmp_path / "site.yaml").write_bytes(change(SITE).encode())
    done = egc("check", "site.yaml", "--no-validate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_missing_folder(tmp_path: Path) -> None:
    """A path that does not exist is told."""
    refused(egc("build", "nowhere", "-o", "dist", cwd=tmp_path), "EGC0001", 2, tmp_path)


def test_loop_of_links(tmp_path: Path) -> None:
    """A link to itself is told and not followed."""
    (tmp_path / "loop").symlink_to("loop")
    refused(egc("build", "loop", "-o", "dist", cwd=tmp_path), "EGC0002", 2, tmp_path)


def test_output_is_a_file(tmp_path: Path) -> None:
    """A file is not replaced by a folder."""
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "out").write_text("mine")
    refused(egc("build", "site.yaml", "-o", "out", "--no-validate", cwd=tmp_path), "EGC5010", 2, tmp_path)
    assert (tmp_path / "out").read_text() == "mine"


def test_output_not_writable(tmp_path: Path) -> None:
    """A folder that cannot be written is told."""
    (tmp_path / "site.yaml").write_text(SITE)
    where = "/proc/egc" if os.geteuid() == 0 else str(tmp_path / "closed" / "dist")
    (tmp_path / "closed").mkdir(mode=0o555)
    refused(egc("build", "site.yaml", "-o", where, "--no-validate", cwd=tmp_path), "EGC5012", 2, tmp_path)


def test_certificate_of_another_key(tmp_path: Path) -> None:
    """A Secret whose key does not fit its certificate is told at the reference."""
    folder = Path(__file__).parents[2] / "fixtures" / "rules" / "EGC2019"
    (tmp_path / "site.yaml").write_text((folder / "bad.yaml").read_text())
    refused(egc("build", "site.yaml", "-o", "dist", cwd=tmp_path), "EGC2019", 1, tmp_path)


def test_expired_certificate(tmp_path: Path) -> None:
    """An expired certificate is a warning: the build goes on."""
    folder = Path(__file__).parents[2] / "fixtures" / "rules" / "EGC2041"
    done = egc("check", str(folder / "bad.yaml"), "--no-validate", cwd=tmp_path)
    assert "warning[EGC2041]" in done.stderr
    assert done.returncode == 0, done.stderr


def busy(pid: int) -> float:
    """How many seconds of a processor the process has had; starting takes a few tenths."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends a build at once, with nothing written."""
    routes = "---\n".join(ROUTE.replace("name: app}\nspec", f"name: app-{i}}}\nspec") for i in range(20_000))
    (tmp_path / "site.yaml").write_text(SITE + "---\n" + routes)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [*EGC, "build", "site.yaml", "-o", "dist", "--no-validate"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while busy(process.pid) < 1:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert said.strip() == "egc: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == ["site.yaml"]


@pytest.mark.parametrize(
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colors(tmp_path: Path, environment: dict[str, str], colored: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Colours are for terminals, and for those who want them."""
    (tmp_path / "site.yaml").write_text(SITE.replace("port: 8080", "port: 0"))
    surroundings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    surroundings |= {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm", **environment}
    terminal, end = pty.openpty()
    try:
        command = [*EGC, "check", "site.yaml", "--no-validate"]
        subprocess.run(command, cwd=tmp_path, env=surroundings, stderr=end, check=False)
        said = os.read(terminal, 100_000).decode()
    finally:
        os.close(terminal)
        os.close(end)
    assert "EGC1044" in said
    assert ("\x1b[" in said) is colored
