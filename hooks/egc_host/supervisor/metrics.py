"""The supervisor's figures in Prometheus' text format, for node_exporter's textfile collector."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FILE = "egc_envoy.prom"

_Sample = tuple[dict[str, str], float]


def write(folder: Path, text: str) -> None:
    """Replace the file in one step: a collector reads all of it or the one before. OSError."""
    path = folder / FILE
    spare = path.with_name(f".{FILE}")
    folder.mkdir(parents=True, exist_ok=True)
    with spare.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)  # the collector is another user
        file.write(text)
    spare.replace(path)


def render(status: dict[str, Any], started: float, last: float) -> str:
    """The text for a status. ``started`` and ``last`` (the last reload, 0 for none) are in seconds since 1970."""
    serving, reload = status["epoch"] is not None, status["lastReload"]
    families: list[tuple[str, str, str, Iterable[_Sample]]] = [
        ("egc_envoy_up", "gauge", "Whether an Envoy serves.", [({}, serving)]),
        ("egc_envoy_degraded", "gauge", "Whether something else serves than should.", [({}, bool(status["degraded"]))]),
        ("egc_envoy_draining", "gauge", "Envoys that drain.", [({}, len(status["draining"]))]),
        ("egc_envoy_start_time_seconds", "gauge", "When the supervisor started.", [({}, started)]),
        (
            "egc_envoy_reloads_total",
            "counter",
            "Reloads by result.",
            [({"result": result}, count) for result, count in sorted(status["reloads"].items())],
        ),
        (
            "egc_supervisor_resident_memory_bytes",
            "gauge",
            "Memory of the supervisor.",
            [({}, status["supervisor"]["rss"])],
        ),
        (
            "egc_envoy_certificate_not_after_timestamp_seconds",
            "gauge",
            "When a certificate that Envoy reads expires.",
            [({"name": one["name"]}, one["not_after"]) for one in status["certificates"] if "not_after" in one],
        ),
        (
            "egc_envoy_certificate_not_before_timestamp_seconds",
            "gauge",
            "When its life began.",
            [({"name": one["name"]}, one["not_before"]) for one in status["certificates"] if "not_before" in one],
        ),
    ]
    if serving:
        labels = {"digest": status["digest"], "envoy": status["envoy"]}
        families += [
            ("egc_envoy_epoch", "gauge", "Number of the Envoy that serves, from 0.", [({}, status["epoch"])]),
            ("egc_envoy_concurrency", "gauge", "Worker threads.", [({}, status["concurrency"])]),
            ("egc_envoy_bundle_info", "gauge", "What serves.", [(labels, 1)]),
        ]
    if reload is not None:
        families += [
            ("egc_envoy_last_reload_success", "gauge", "Whether the last reload was done.", [({}, reload["ok"])]),
            ("egc_envoy_last_reload_timestamp_seconds", "gauge", "When the last reload ended.", [({}, last)]),
            ("egc_envoy_last_reload_duration_seconds", "gauge", "How long it took.", [({}, reload["ms"] / 1000)]),
        ]
    return "".join(_family(*family) for family in sorted(families, key=lambda family: family[0]))


def _family(name: str, kind: str, help: str, samples: Iterable[_Sample]) -> str:
    lines = [f"{name}{_labels(labels)} {float(value):.15g}\n" for labels, value in samples]
    return "".join([f"# HELP {name} {help}\n# TYPE {name} {kind}\n", *lines]) if lines else ""


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
