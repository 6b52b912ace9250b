"""What a host profile's target asks for beside Envoy's own files: programs, units or containers, alerts, a README."""

from collections.abc import Iterator
from typing import Any

from egc.artifacts import certbot, host, programs, templates, units
from egc.artifacts.artifact import Artifact
from egc.artifacts.shipped import shipped
from egc.emit import metrics
from egc.envoy import printer
from egc.plan.model import Infrastructure, Plan
from egc.profile import Profile

Plain = dict[str, Any]

_PROGRAM_MODE = 0o755


def files(envoy: host.Configuration, plan: Plan, profile: Profile) -> Iterator[Artifact]:
    """The files of the target."""
    if profile.target == "none":
        text = (shipped("templates") / "none" / "README.md").read_text(encoding="utf-8")
        yield Artifact("README.md", text.replace("envoy.yaml", envoy.name).encode())
        return
    told = host.settings(envoy, plan, profile)
    values = _values(told, profile, writes_code=host.writes_code(envoy))
    yield from _rendered("operator", "", values)
    yield Artifact("host.json", host.text(told))
    for path, content in programs.programs():
        yield Artifact(path, content, _PROGRAM_MODE)
    yield from _rendered("monitoring", "monitoring/", values)
    if profile.target == "compose":
        yield from _rendered("compose", "", values | {"container": _quoted(plan.container)})
        return
    without = set() if values["acme"] else {"egc-certbot.service", "egc-certbot.timer"}
    if not values["logs"]:
        without.add("logrotate.conf")
    yield from _rendered("systemd", "systemd/", values | units.sandbox(values), without)


def _rendered(below: str, prefix: str, values: Plain, without: set[str] | None = None) -> Iterator[Artifact]:
    for name, text in templates.render(below, values, without or set()).items():
        yield Artifact(f"{prefix}{name}", text.encode())


def _values(told: Plain, profile: Profile, *, writes_code: bool) -> Plain:
    """What templates may say: host.json's settings under the names that the templates use."""
    envoy, directories = told["envoy"], told["directories"]
    return {
        "site": profile.site,
        "target": profile.target,
        "version": envoy["version"],
        "config": envoy["config"],
        "user": envoy["user"],
        "envoy": envoy["path"],
        "admin": envoy["admin"],
        "run": directories["run"],
        "state": directories["state"],
        "releases": directories["releases"],
        "textfile": directories["textfile"],
        "current": f"{directories['releases'].rstrip('/')}/{profile.site}/current",
        "certificates": profile.certificates.directory,
        "acme": profile.certificates.acme is not None and bool(told["certificates"]["lineages"]),
        "packages": certbot.packages(profile.certificates.acme),
        "secrets": certbot.secrets(profile.certificates.acme),
        "lineages": [lineage["name"] for lineage in told["certificates"]["lineages"]],
        "capabilities": envoy["capabilities"],
        "open_files": envoy["openFiles"],
        "memory": envoy["memory"],
        "memory_deny_write_execute": not writes_code,
        "parent_shutdown_time": envoy["parentShutdownTime"],
        "stop_drain_time": envoy["stopDrainTime"],
        "logs": envoy["logs"],
        "paths": sorted(_outside(told)),
        "metrics_port": profile.metrics.port if profile.metrics.enabled else None,
        "ports": _published(told["listeners"]),
    }


def _quoted(said: Infrastructure) -> Plain:
    """Labels and annotations as YAML; Compose takes a dollar sign for the start of a variable."""
    quoted = printer.quoted
    return {
        name: {quoted(key): quoted(text.replace("$", "$$")) for key, text in texts.items()}
        for name, texts in (("labels", said.labels), ("annotations", said.annotations))
        if texts
    }


def _outside(told: Plain) -> Iterator[str]:
    """The files and sockets that Envoy uses and that are not in the bundle."""
    pairs = [pair[part] for pair in told["certificates"]["pairs"] for part in ("chain", "key")]
    yield from {path for path in pairs if path.startswith("/")}
    yield from {backend["path"] for backend in told["backends"] if backend.get("path", "").startswith("/")}


def _published(listening: list[Plain]) -> list[Plain]:
    """The ports of the site as clients see them; that of the metrics is none of them."""
    site = [listener for listener in listening if listener["name"] != metrics.NAME]
    found = {(listener["port"], listener["protocol"], listener["published"]) for listener in site}
    return [
        {"published": published, "listener": port, "protocol": protocol} for port, protocol, published in sorted(found)
    ]
