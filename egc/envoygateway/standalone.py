"""Envoy Gateway's standalone file (``kind: EnvoyGateway``) as an input: it names the folders of a site."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from egc.diagnostics import Rule, Severity, Sink
from egc.kube.resources import Resources
from egc.source import At, Document

if TYPE_CHECKING:
    from egc.envoygateway.models.envoygateway_config import EnvoyGateway

CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
NOT_THERE = Rule(
    code="EGC3020",
    severity=Severity.ERROR,
    title="path of an EnvoyGateway file does not exist",
    explanation="""
        The file names paths as the machine sees them where Envoy Gateway runs, often inside a container. Say in the
        host profile where the folder really is, relative to the profile:

        ```yaml
        paths: {/etc/envoy-gateway: .}
        ```

        A path that is not mapped is taken as written; a relative one is relative to the EnvoyGateway file.
        """,
    help="map it with paths: in the host profile (--profile)",
)
SECOND = Rule(
    code="EGC3021",
    severity=Severity.ERROR,
    title="two EnvoyGateway documents",
    explanation="An EnvoyGateway document sets up the whole gateway, so a site has one at the most.",
    help="remove one of them",
)

Locate = Callable[[str, Path], Path]


def site_files(documents: list[Document], locate: Locate, sink: Sink) -> list[str]:
    """The files that the EnvoyGateway documents among *documents* name and that were not read yet.

    Folders are not searched deeper and hidden files are left out, as Envoy Gateway does.
    ``locate`` finds a path that was written in a file of some folder.
    """
    found: dict[str, None] = {}
    named = [(document, path, at) for document in documents for path, at in _paths(document)]
    read = {os.path.realpath(file) for file in {document.file for document in documents}} if named else set()
    for document, path, at in named:
        where = locate(path, Path(document.file).parent)
        if not _exists(where):
            message = (
                f'"{path}" does not exist' if str(where) == path else f'"{path}" does not exist (looked for {where})'
            )
            sink.report(NOT_THERE, at, message)
        for file in _files(where):
            if os.path.realpath(file) not in read:
                found[str(file)] = None
    return list(found)


def _paths(document: Document) -> Iterator[tuple[str, At]]:
    """The file provider's paths, as far as the document has them; its schema is judged later."""
    node: object = document.data
    if not isinstance(node, dict) or node.get("kind") != "EnvoyGateway":
        return
    provider = node.get("provider")
    if not isinstance(provider, dict) or provider.get("type") != "Custom":
        return
    keys = ("provider", "custom", "resource", "file", "paths")
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    for i, path in enumerate(node if isinstance(node, list) else []):
        if isinstance(path, str):
            yield path, At(document, (*keys, i))


def _exists(where: Path) -> bool:
    """Whether there is such a path, as far as it can be told: reading it will tell what else is wrong."""
    try:
        return where.exists()
    except OSError:
        return True


def _files(where: Path) -> list[Path]:
    try:
        if not where.is_dir():
            return [where] if where.exists() else []
        return [
            child
            for child in sorted(where.iterdir())
            if child.suffix in (".yaml", ".yml", ".json") and not child.name.startswith(".") and child.is_file()
        ]
    except OSError:
        return [where]


def configuration(resources: Resources, sink: Sink) -> EnvoyGateway | None:
    """The EnvoyGateway document of the site, if it has one."""
    found = cast("list[EnvoyGateway]", resources.configs)
    for other in found[1:]:
        related = [(found[0].at("kind"), "the first one")]
        sink.report(SECOND, other.at("kind"), "a second EnvoyGateway document", related=related)
    return found[0] if found else None
