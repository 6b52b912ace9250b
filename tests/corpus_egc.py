"""egc for comparing with the reference's translator, whose every Gateway is an Envoy of its own.

On one host Gateways of one port need addresses: each gets one here by the host profile, unless their class asks for
merged Gateways. The reference statuses come from the translator alone: the Gateway's own Accepted and Programmed
conditions are added by Envoy Gateway in a later step that knows the running proxy, so they are taken out of egc's
statuses here when they are good news; bad news is compared.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from egc import compiler
from egc.cli import main

# The reference reads the cases by kind, whatever their version; some are of versions that no API server serves today.
_GROUP = "gateway.networking.k8s.io"
for _kind in ("GRPCRoute", "ReferenceGrant", "BackendTLSPolicy", "ListenerSet"):
    for _version in ("v1alpha1", "v1alpha2"):
        compiler.KINDS[f"{_GROUP}/{_version}", _kind] = compiler.KINDS[f"{_GROUP}/v1", _kind]

ADDED_LATER = {"Accepted", "Programmed"}


def strip(path: Path) -> None:
    """Remove what the translator does not write."""
    objects = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) or []
    for entry in objects:
        if entry["kind"] == "Gateway":
            listed = entry["status"]["conditions"]
            entry["status"]["conditions"] = [
                c
                for c in listed
                if c["type"] not in ADDED_LATER or c["reason"] in {"InvalidParameters", "UnsupportedAddress"}
            ]
    path.write_text(yaml.dump(objects), encoding="utf-8")


def documents(paths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Every object of some files."""
    for path in paths:
        with Path(path).open("rb") as file:
            yield from (data for data in yaml.load_all(file, yaml.CSafeLoader) if isinstance(data, dict))


def addresses(objects: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """An address of 127.0.0.0/8 for each Gateway; those of merged Gateways are one."""
    found = list(objects)
    merged = {
        (data.get("metadata") or {}).get("name")
        for data in found
        if data.get("kind") == "EnvoyProxy" and (data.get("spec") or {}).get("mergeGateways")
    }
    classes = {
        data["metadata"]["name"]
        for data in found
        if data.get("kind") == "GatewayClass" and (data["spec"].get("parametersRef") or {}).get("name") in merged
    }
    told: dict[str, list[str]] = {}
    for data in found:
        if data.get("kind") == "Gateway" and not data["spec"].get("addresses"):
            last = 1 if data["spec"].get("gatewayClassName") in classes else len(told) + 2
            metadata = data["metadata"]
            told[f"{metadata.get('namespace', 'default')}/{metadata['name']}"] = [f"127.0.9.{last}"]
    return told


def once(base: str, case: str, folder: Path) -> str:
    """The case, or a copy of it without what base.yaml has too: the reference's translator looks there first."""

    def key(data: dict[str, Any]) -> tuple[str, ...]:
        metadata = data.get("metadata") or {}
        return data.get("kind", ""), metadata.get("namespace", "default"), metadata.get("name", "")

    known = {key(data) for data in documents([base])}
    objects = list(documents([case]))
    kept = [data for data in objects if key(data) not in known]
    if len(kept) == len(objects):
        return case
    copy = folder / Path(case).name
    copy.write_text(yaml.dump_all(kept, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return str(copy)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    folder = tempfile.TemporaryDirectory()
    files = [a for a in arguments if a.endswith(".yaml") and Path(a).is_file()]
    if len(files) > 1:
        arguments[arguments.index(files[1])] = once(files[0], files[1], Path(folder.name))
    profile = tempfile.NamedTemporaryFile("w", suffix=".yaml")  # noqa: SIM115 - the child reads it until the end
    inputs = [a for a in arguments if a.endswith(".yaml") and Path(a).is_file()]
    # In a cluster there is no certbot: a Secret that does not exist is at fault.
    yaml.dump({"addresses": addresses(documents(inputs)), "certificates": {"unknown": "error"}}, profile)
    profile.flush()
    sys.argv = ["egc", *arguments, "--no-validate", "--profile", profile.name]
    child = os.fork()
    if child == 0:
        main()
    _, status = os.waitpid(child, 0)
    if "--status" in arguments:
        written = Path(arguments[arguments.index("--status") + 1])
        if written.is_file():
            strip(written)
    sys.exit(os.waitstatus_to_exitcode(status))
