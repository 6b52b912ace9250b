"""What was learned about an Envoy binary, kept between runs; without a cache everything works, only slower."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_DIGEST = hashlib.sha256().digest_size


def read(binary: Path, kind: str) -> bytes | None:
    """What write() kept, None if nothing, if it is damaged, or if *binary* has changed since."""
    try:
        content = _file(binary, kind).read_bytes()
    except (OSError, RuntimeError):
        return None
    digest, value = content[:_DIGEST], content[_DIGEST:]
    return value if hashlib.sha256(value).digest() == digest else None


def write(binary: Path, kind: str, value: bytes) -> None:
    """Keep *value*, if there is a place where it can be kept."""
    with suppress(OSError, RuntimeError):
        file = _file(binary, kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as new:
                new.write(hashlib.sha256(value).digest() + value)
            Path(name).replace(file)
        except BaseException:  # a full disk, or an impatient user: leave nothing behind
            Path(name).unlink()
            raise


def _file(binary: Path, kind: str) -> Path:
    """Raises OSError if there is no such binary, RuntimeError if there is no home directory."""
    status = binary.stat()
    name = f"{binary.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a relative path is invalid and to be ignored.
    folder = (base if base.is_absolute() else Path.home() / ".cache") / "egc"
    return folder / f"{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:20]}.{kind}"
