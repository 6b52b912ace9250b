"""Metrics of certificates, as a file for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from egc_host.certificates.survey import Row

FILE = "egc_certificates.prom"

_HELP = {
    "egc_certificate_not_before_timestamp_seconds": "Begin of the published certificate's validity.",
    "egc_certificate_not_after_timestamp_seconds": "End of the published certificate's validity.",
    "egc_certificate_placeholder": "Whether the published certificate only stands in until the first issuance.",
    "egc_certificate_served_matches": "Whether Envoy presents the published certificate.",
    "egc_certificate_published_timestamp_seconds": "When the certificate was published.",
    "egc_certificate_sync_success": "Whether the last run of egc-cert-sync found all in order.",
    "egc_certificate_sync_timestamp_seconds": "When egc-cert-sync last ran.",
}


def write(folder: Path, rows: Iterable[Row], *, success: bool) -> None:
    """Write the file at once, so that no half of it is ever read; OSError if it cannot be written."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    temporary = folder / f".{FILE}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o644), "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o644)  # node_exporter is another user, whatever the umask
            stream.write(render(rows, success=success))
        temporary.replace(folder / FILE)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def render(rows: Iterable[Row], *, success: bool) -> str:
    """The file's text. What is not known has no sample."""
    samples: dict[str, list[str]] = {name: [] for name in _HELP}
    for row in rows:
        known = {
            "egc_certificate_not_before_timestamp_seconds": row.certificate and row.certificate.not_before,
            "egc_certificate_not_after_timestamp_seconds": row.certificate and row.certificate.not_after,
            "egc_certificate_placeholder": row.certificate and int(row.certificate.placeholder),
            "egc_certificate_served_matches": None if row.matches is None else int(row.matches),
            "egc_certificate_published_timestamp_seconds": row.published and int(row.published),
        }
        label = row.name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        for name, value in known.items():
            if value is not None:
                samples[name].append(f'{name}{{lineage="{label}"}} {value}')
    samples["egc_certificate_sync_success"] = [f"egc_certificate_sync_success {int(success)}"]
    samples["egc_certificate_sync_timestamp_seconds"] = [f"egc_certificate_sync_timestamp_seconds {int(time.time())}"]
    return "".join(
        "\n".join([f"# HELP {name} {_HELP[name]}", f"# TYPE {name} gauge", *lines, ""])
        for name, lines in samples.items()
        if lines
    )
