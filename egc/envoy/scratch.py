"""A configuration made fit for ``envoy --mode validate`` on a machine that has none of the host's files.

When it validates, Envoy opens the data that it needs at once (certificates, keys, scripts), logs and directories to
watch; of file-based secrets it wants to see the file, not its content; paths of sockets it does not look at.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

Plain = dict[str, Any]

_CERTIFICATES = frozenset(["tls_certificate", "tls_certificates"])
_LOGS = frozenset(["access_log_path", "event_log_path"])
_FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"

# A Lua comment, so that it is good as a script too, and of the length that a session ticket key must have.
_TEXT = "-- scratch\n".rjust(80, "-")
_TEXTS = {"users": "scratch:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"}

# Filters that load what cannot be made up.
_LOADERS = frozenset(
    f"type.googleapis.com/envoy.extensions.filters.http.{name}"
    for name in ("dynamic_modules.v3.DynamicModuleFilter", "geoip.v3.Geoip", "wasm.v3.Wasm")
)


def with_scratch_certificates(data: Plain, folder: Path) -> Plain:
    """Copy the bootstrap; throw-away files in *folder* stand in for those that this machine lacks.

    A Wasm, GeoIP or dynamic module filter that cannot be loaded here is left out.
    """
    return _Scratch(folder).mapping(data, "")


class _Scratch:
    """Makes a file when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def node(self, node: Any, key: str) -> Any:
        """Copy *node*, the value of *key* or an item of its list."""
        if isinstance(node, dict):
            return self.mapping(node, key)
        if isinstance(node, list):
            return [self.node(item, key) for item in node if key != "http_filters" or _loadable(item)]
        return node

    def mapping(self, node: Plain, key: str) -> Plain:
        if key in _CERTIFICATES and any(_lacking(node.get(part)) for part in ("certificate_chain", "private_key")):
            chain, private_key = self.certificate
            return {"certificate_chain": {"filename": chain}, "private_key": {"filename": private_key}}
        if _lacking(node):
            return {"filename": self.certificate[0] if key == "trusted_ca" else self.text(key)}
        copy = {name: self.node(value, name) for name, value in node.items() if name != "crl" or not _lacking(value)}
        if key == "path_config_source" and _unreadable(copy.get("path")):
            copy["path"] = self.secrets
        if key == "watched_directory" and _unreadable(copy.get("path")):
            copy["path"] = str(self.folder)
        logs = {"path"} if copy.get("@type") == _FILE_LOG else _LOGS & copy.keys()
        # Also where a log could be opened: to validate leaves none behind.
        copy |= {log: str(self.folder / "log") for log in logs if not str(copy.get(log)).startswith("/dev/")}
        return copy

    @cached_property
    def certificate(self) -> tuple[str, str]:
        """A certificate and its key."""
        from egc.envoy.throwaway import self_signed  # noqa: PLC0415  # cryptography takes 70 ms to import

        chain, key = self.folder / "chain.pem", self.folder / "key.pem"
        self_signed(chain, key)
        return str(chain), str(key)

    @cached_property
    def secrets(self) -> str:
        """A file of secrets that holds none."""
        return self._written("secrets.yaml", "resources: []\n")

    def text(self, key: str) -> str:
        """A file of what *key* wants."""
        return self._written(f"{key if key in _TEXTS else 'text'}.txt", _TEXTS.get(key, _TEXT))

    def _written(self, name: str, text: str) -> str:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return str(file)


def _unreadable(path: Any) -> bool:
    return isinstance(path, str) and not os.access(path, os.R_OK)


def _lacking(source: Any) -> bool:
    """Whether *source* is a DataSource whose file or environment variable is not here."""
    if not isinstance(source, dict):
        return False
    variable = source.get("environment_variable")
    return _unreadable(source.get("filename")) or (isinstance(variable, str) and variable not in os.environ)


def _loadable(http_filter: Any) -> bool:
    config = http_filter.get("typed_config") if isinstance(http_filter, dict) else None
    return not (isinstance(config, dict) and config.get("@type") in _LOADERS and _lacks_file(config))


def _lacks_file(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_lacks_file, node))
    if not isinstance(node, dict):
        return False
    databases = (value for key, value in node.items() if str(key).endswith("_db_path"))
    # A dynamic module is searched for by its name, in folders of the host.
    return (
        "dynamic_module_config" in node
        or _lacking(node)
        or any(map(_unreadable, databases))
        or any(map(_lacks_file, node.values()))
    )
