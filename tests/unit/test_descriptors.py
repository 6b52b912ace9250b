"""What is cut out of an Envoy binary, and how it is kept."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from egc.envoy import binary, cache, descriptors
from egc.envoy.descriptors import NotEnvoy


@pytest.fixture(name="executable")
def real_executable(envoy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ELF file, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = binary.find(str(envoy))
    assert found is not None
    return found


def fake(folder: Path, *files: descriptor_pb2.FileDescriptorProto) -> Path:
    """A file that holds serialized descriptors as a binary does, among other bytes."""
    path = folder / "fake"
    path.write_bytes(b"\x7fELF\0" + b"\0\x01\n\x05a.txt\n\x09a/b.proto\xff".join(f.SerializeToString() for f in files))
    return path


def proto(name: str, *dependency: str) -> descriptor_pb2.FileDescriptorProto:
    """A .proto file."""
    return descriptor_pb2.FileDescriptorProto(name=name, package="p", dependency=dependency, syntax="proto3")


BOOTSTRAP = proto("envoy/config/bootstrap/v3/bootstrap.proto", "a/a.proto")


def test_all_files_are_found_in_the_order_of_their_imports(executable: Path) -> None:
    """Every file comes after what it imports, and nothing that is imported is missing."""
    seen: set[str] = set()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors.extract(executable)).file:
        assert set(file.dependency) <= seen
        seen.add(file.name)
    assert len(seen) > 500
    assert "envoy/extensions/filters/http/router/v3/router.proto" in seen


def test_rules_come_with_the_fields(executable: Path) -> None:
    """Validation rules, which are options of the fields, are there to be read."""
    known = descriptors.load(executable)
    route = known.message("envoy.config.route.v3.Route")
    assert route is not None
    assert known.rules(route.fields_by_name["match"]).message.required
    assert known.rules(route.fields_by_name["name"]) is None
    assert known.required(route.oneofs_by_name["action"])
    assert known.message("envoy.config.route.v3.Rout") is None


def test_descriptors_are_cached(executable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The binary is searched once."""
    descriptors.load(executable)
    monkeypatch.setattr(descriptors, "extract", lambda _: pytest.fail("searched again"))
    assert descriptors.load(executable).message("envoy.config.bootstrap.v3.Bootstrap") is not None


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\0" * 100])
def test_a_damaged_cache_is_made_anew(executable: Path, tmp_path: Path, damage: bytes) -> None:
    """A file that is not what was written counts for nothing, and is replaced."""
    descriptors.load(executable)
    [file] = (tmp_path / "cache" / "egc").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert descriptors.load(executable).message("envoy.config.bootstrap.v3.Bootstrap") is not None
    assert file.read_bytes() == whole


def test_the_cache_is_not_needed(executable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written nothing is, and all works."""
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert descriptors.load(executable).message("envoy.config.bootstrap.v3.Bootstrap") is not None
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(Path, "home", _homeless)
    cache.write(executable, "kind", b"value")
    assert cache.read(executable, "kind") is None


def _homeless() -> Path:
    raise RuntimeError


def test_a_changed_binary_has_a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was learned of another file in the same place is not believed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = fake(tmp_path, proto("a/a.proto"))
    cache.write(path, "kind", b"value")
    assert cache.read(path, "kind") == b"value"
    assert cache.read(path, "other") is None
    path.write_bytes(b"something longer" * 100)
    assert cache.read(path, "kind") is None


def test_what_imports_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    """A file whose imports were not found is no use, nor is one that imports it."""
    files = [proto("b/b.proto", "gone.proto"), proto("c/c.proto", "b/b.proto"), proto("a/a.proto"), BOOTSTRAP]
    found = descriptor_pb2.FileDescriptorSet.FromString(descriptors.extract(fake(tmp_path, *files))).file
    assert [file.name for file in found] == ["a/a.proto", BOOTSTRAP.name]


def test_the_fullest_of_several_copies_is_taken(tmp_path: Path) -> None:
    """Envoy holds some files twice, once without the names that JSON uses."""
    full = proto("a/a.proto")
    full.message_type.add(name="M")
    for files in ((full, proto("a/a.proto")), (proto("a/a.proto"), full)):
        found = descriptor_pb2.FileDescriptorSet.FromString(descriptors.extract(fake(tmp_path, *files, BOOTSTRAP)))
        assert [message.name for message in found.file[0].message_type] == ["M"]


@pytest.mark.parametrize(
    "content", [b"", b"#!/bin/sh\n", b"\x7fELF" + b"\n\x09a/b.proto" * 10, b"\n\x09a/b.proto\x1a\xff\xff"]
)
def test_other_files_are_not_envoy(tmp_path: Path, content: bytes) -> None:
    """A file without Envoy's descriptors is refused by name."""
    path = tmp_path / "ls"
    path.write_bytes(content)
    with pytest.raises(NotEnvoy, match=str(path)):
        descriptors.extract(path)


def test_a_missing_file_is_not_envoy(tmp_path: Path) -> None:
    """A path that cannot be opened is refused by name."""
    with pytest.raises(NotEnvoy, match=r"gone: No such file or directory"):
        descriptors.load(tmp_path / "gone")
