"""What ``egc support`` says agrees with the models, with the CRDs and with what cases set."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from click.testing import CliRunner
from pydantic import Field

from egc.cli import egc
from egc.compiler import KINDS
from egc.kube.markers import Ignored, Opaque, Unsupported
from egc.kube.model import Model
from egc.listing import support
from tests.test_models import CRDS, WITH_CRD, Schema, crds


class Inner(Model):
    """A model below others."""

    one: str = "1"
    two: timedelta = timedelta(seconds=90)
    three: bool = False
    four: str = ""


class Outside(Model):
    """A model of which nothing has an effect."""

    labels: Annotated[dict[str, str], Ignored("nobody looks")] = Field(default_factory=dict)


class Outer(Model):
    """A model such as kinds have."""

    name: str
    first: Inner | None = None
    others: list[Inner] = Field(default_factory=lambda: [Inner(one="x")])
    by_name: dict[str, Outside] = Field(default_factory=dict)
    type: Annotated[Literal["A"], Unsupported("not supported: it is odd")] = "A"
    lock: Annotated[Opaque, Unsupported(protects=True)] = None


def test_every_sort_of_field() -> None:
    """Paths lead through lists and mappings; what is marked is not looked into."""
    found = list(support.fields_of(Outer, "spec"))
    assert [(field.path, support.told(field, quote="`")) for field in found] == [
        ("spec.name", "read"),
        ("spec.first", "read"),
        ("spec.first.one", "read; default `1`"),
        ("spec.first.two", "read; default `90s`"),
        ("spec.first.three", "read; default `false`"),
        ("spec.first.four", 'read; default `""`'),
        ("spec.others", 'read; default `[{one: x, two: 90s, three: false, four: ""}]`; fields as in `spec.first`'),
        ("spec.others[].one", "read; default `1`"),
        ("spec.others[].two", "read; default `90s`"),
        ("spec.others[].three", "read; default `false`"),
        ("spec.others[].four", 'read; default `""`'),
        ("spec.byName.*.labels", "ignored: nobody looks"),
        ("spec.type", "refused: it is odd"),
        ("spec.lock", "refused (security): not supported yet"),
    ]


def test_people_read_the_same_fields_once() -> None:
    """In text and Markdown what is below a second place is left out; programs get all."""
    kind = support.Kind("Outer", ("example.com/v1", "example.com/v2"), "About `it`.", tuple(support.fields_of(Outer)))
    text = support.as_text([kind])
    assert text.startswith("Outer  example.com/v1, v2\n  About it.\n  name ")
    assert "others[].one" not in text and "others[].one" not in support.as_markdown([kind])
    (data,) = json.loads(support.as_json([kind]))["kinds"]
    assert {"path": "others[].one", "does": "read", "default": "1"} in data["fields"]
    assert data["fields"][-1] == {
        "path": "lock",
        "does": "refused",
        "because": "not supported yet",
        "security": True,
    }


def invoked(*arguments: str) -> Any:
    """What the command answers."""
    return CliRunner().invoke(egc, ["support", *arguments], prog_name="egc")


def test_the_command() -> None:
    """One kind or all, whatever the case of its name; a misspelt one is answered with what was meant."""
    every = json.loads(invoked("--format", "json").output)["kinds"]
    assert {kind["kind"] for kind in every} == {"metadata"} | {kind for _, kind in KINDS}
    assert {version for kind in every for version in kind["apiVersions"]} == {version for version, _ in KINDS}
    (one,) = json.loads(invoked("httproute", "--format", "json").output)["kinds"]
    assert one in every
    wrong = invoked("HTTPRout")
    assert wrong.exit_code == 2
    assert 'no kind HTTPRout; did you mean "HTTPRoute"?' in wrong.output


def test_models_are_imported_by_this_command_alone() -> None:
    """The help lists the command and imports neither it nor a model."""
    program = """
import sys
from egc.cli import egc
egc.main(["--help"], standalone_mode=False)
print(*[name for name in sys.modules if name.startswith(("egc.listing", "egc.gatewayapi"))])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "support" in done.stdout
    assert done.stdout.splitlines()[-1] == ""


def paths(schema: Schema, path: str) -> Iterator[str]:
    """Every field at or below a node of a CRD."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from paths(child, f"{path}{name}.")
        yield from paths(child.get("items", {}), f"{path}{name}[].")
        if isinstance(values := child.get("additionalProperties"), dict):
            yield from paths(values, f"{path}{name}.*.")


def settled(path: str, told: dict[str, str]) -> bool:
    """Whether it is said what becomes of a field: of itself, of one that it is below, or of all below it."""
    steps = path.replace("[]", "").split(".")
    above = [".".join(steps[:i]) for i in range(1, len(steps))]
    plain = {known.replace("[]", ""): does for known, does in told.items()}
    return (
        path in told
        or any(plain.get(step) in ("ignored", "refused") for step in above)
        or any(known.startswith((f"{path}.", f"{path}[]")) for known in told)
    )


@pytest.mark.skipif(not CRDS.is_dir(), reason=f"SUPPORT IS NOT COMPARED: no CRDs in {CRDS}, set EGC_CRDS")
@pytest.mark.parametrize(("api_version", "kind"), WITH_CRD)
def test_no_field_of_a_crd_is_missing(api_version: str, kind: str) -> None:
    """Whatever a CRD knows below spec, and beside it, is read, ignored or refused; and nothing else is listed."""
    common, *found = support.catalogue({(api_version, kind): KINDS[api_version, kind]})
    told: dict[str, str] = {field.path: field.does for entry in (common, *found) for field in entry.fields}
    told |= dict.fromkeys(("apiVersion", "kind", "metadata"), "read")
    known = list(paths(crds()[api_version, kind], ""))
    assert "spec" in known
    assert [path for path in known if not settled(path, told)] == []
    assert [path for entry in found for path in (field.path for field in entry.fields) if path not in known] == []


def test_a_missing_field_is_found() -> None:
    """What is neither listed nor settled by what is above it counts as missing."""
    told = {"spec.a": "read", "spec.b": "refused", "spec.c[].d": "ignored"}
    assert all(settled(path, told) for path in ("spec", "spec.a", "spec.b", "spec.b[].x", "spec.b.*.y.z", "spec.c"))
    assert not any(settled(path, told) for path in ("spec.e", "spec.a.x", "spec.c[].e", "status"))
