"""The protobuf descriptors inside an Envoy binary: all that this Envoy accepts, its validation rules included.

The C++ code that protoc generates embeds every .proto file as a serialized FileDescriptorProto.
"""

import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from egc.envoy import cache

Files = Mapping[str, descriptor_pb2.FileDescriptorProto]

_KIND = "descriptors"
_BOOTSTRAP = "envoy/config/bootstrap/v3/bootstrap.proto"

# How a FileDescriptorProto begins: field 1, the length of the name, the name.
_START = re.compile(rb"\n([\x07-\x7f])([\w./-]+?\.proto)")
_VARINT, _LENGTH = 0, 2
# Its fields and their wire types (source_code_info, 9, is never embedded).
_FIELDS = {**dict.fromkeys((1, 2, 3, 4, 5, 6, 7, 8, 12, 15), _LENGTH), **dict.fromkeys((10, 11, 14), _VARINT)}


class NotEnvoy(Exception):  # noqa: N818 - a name that says what is the matter
    """The file cannot be read, or is no Envoy binary."""


class Descriptors:
    """The messages that one Envoy knows, and the rules on their fields (protoc-gen-validate's options)."""

    def __init__(self, serialized: bytes) -> None:
        self.pool = DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(serialized).file:
            self.pool.AddSerializedFile(file.SerializeToString())
        # Options must be read with the binary's own descriptor.proto, the only one that has validate's extensions.
        self._rules = self.pool.FindExtensionByName("validate.rules")
        self._required = self.pool.FindExtensionByName("validate.required")
        self._field_options: Any = GetMessageClass(self.pool.FindMessageTypeByName("google.protobuf.FieldOptions"))
        self._oneof_options: Any = GetMessageClass(self.pool.FindMessageTypeByName("google.protobuf.OneofOptions"))

    def message(self, name: str) -> Descriptor | None:
        """The message of that full name."""
        try:
            return self.pool.FindMessageTypeByName(name)
        except KeyError:
            return None

    def rules(self, field: FieldDescriptor) -> Any:
        """The field's validate.FieldRules, None if it has none."""
        if not field.has_options:
            return None
        options = self._field_options.FromString(field.GetOptions().SerializeToString())
        return options.Extensions[self._rules] if options.HasExtension(self._rules) else None

    def required(self, oneof: OneofDescriptor) -> bool:
        """Whether one of the members must be set."""
        if not oneof.has_options:
            return False
        options = self._oneof_options.FromString(oneof.GetOptions().SerializeToString())
        return bool(options.Extensions[self._required])


def load(binary: Path) -> Descriptors:
    """Read the descriptors of *binary*, from the cache when it is there. Raises NotEnvoy."""
    serialized = cache.read(binary, _KIND)
    if serialized is None:
        serialized = extract(binary)
        cache.write(binary, _KIND, serialized)
    return Descriptors(serialized)


def extract(binary: Path) -> bytes:
    """Cut the descriptors out of *binary*: a serialized FileDescriptorSet, each file after those it imports.

    Raises NotEnvoy.
    """
    try:
        with binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            files = _files(content)
    except OSError as error:
        raise NotEnvoy(f"{binary}: {error.strerror}") from error
    except ValueError as error:  # an empty file cannot be mapped
        raise NotEnvoy(f"{binary}: {error}") from error
    if _BOOTSTRAP not in files:
        raise NotEnvoy(f"{binary} is not an Envoy binary")
    return descriptor_pb2.FileDescriptorSet(file=_importable(files)).SerializeToString()


def _files(content: mmap.mmap) -> Files:
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    for start in _START.finditer(content):
        end = _end(content, start.start())
        if start[1][0] != len(start[2]) or end == start.end():  # text that looks alike; a name and nothing else
            continue
        serialized = content[start.start() : end]
        try:
            file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
        except DecodeError:
            continue
        # Some files are there twice, once without JSON names (C++) and once with them (upb).
        if file.name not in files or files[file.name].ByteSize() < len(serialized):
            files[file.name] = file
    return files


def _end(content: mmap.mmap, position: int) -> int:
    """Where the message at *position* ends: fields are in the order of their numbers, and what follows is none."""
    last = 0
    while position < len(content):
        tag, after = _varint(content, position)
        number, wire_type = tag >> 3, tag & 7
        if _FIELDS.get(number) != wire_type or number < last or number == last == 1:
            break
        value, after = _varint(content, after)
        after += value if wire_type == _LENGTH else 0
        if after > len(content):
            break
        position, last = after, number
    return position


def _varint(content: mmap.mmap, position: int) -> tuple[int, int]:
    """The number at *position* and where it ends; past the end of the content, zeros."""
    number = shift = 0
    while True:
        byte = content[position] if position < len(content) else 0
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position


def _importable(files: Files) -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """The files in the order of their imports, without those that import what was not found."""
    found: dict[str, bool] = {}

    def visit(name: str) -> Iterator[descriptor_pb2.FileDescriptorProto]:
        if name in found or name not in files:
            return
        found[name] = False
        for imported in files[name].dependency:
            yield from visit(imported)
        if all(found.get(imported) for imported in files[name].dependency):
            found[name] = True
            yield files[name]

    for name in sorted(files):
        yield from visit(name)
