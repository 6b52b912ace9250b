"""The parts of the documentation that the code says: ``python -m tests.generated_docs`` writes them anew."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from egc.compiler import KINDS
from egc.diagnostics import explain
from egc.features.defaults import DEFAULTS
from egc.kube.model import Model
from egc.kube.scalars import Quantity, go_text
from egc.listing import support
from egc.profile import Profile
from tests.test_style import LAYERS

ROOT = Path(__file__).parents[1]

_PART = re.compile(r"(?<=<!-- generated: )(?P<name>[\w-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
_TYPES = {str: "text", int: "number", bool: "`true`, `false`", timedelta: "duration"}


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Text that neither ends a cell nor begins an HTML tag; code is safe from the latter."""
    text = text.replace("|", r"\|")
    return text if "`" in text else text.replace("<", "&lt;")


def code(words: Iterable[str]) -> str:
    """Words as they are typed."""
    return ", ".join(f"`{word}`" for word in words)


def fields(model: type[Model]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a model by their YAML keys."""
    return ((field.alias or name, field) for name, field in model.model_fields.items())


def profile() -> str:
    """Every key of the host profile."""
    return table(("Key", "Value", "Default", "Meaning"), _keys(Profile, ""))


def _keys(model: type[Model], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for key, field in fields(model):
        below = list(support.models(field.annotation))
        if not below or field.description:
            yield f"`{prefix}{key}`", _type(field.annotation), _default(field), field.description or ""
        for step, other in below:
            yield from _keys(other, f"{prefix}{key}{step}.")


def _type(annotation: Any) -> str:
    if annotation == Quantity | None:
        return "size, such as `512Mi`"
    if get_origin(annotation) is Literal:
        return code(get_args(annotation))
    if get_origin(annotation) in (list, dict):
        return "list" if get_origin(annotation) is list else "mapping"
    parts = [getattr(part, "__origin__", part) for part in (annotation, *get_args(annotation))]
    words = [code(get_args(part)) for part in get_args(annotation) if get_origin(part) is Literal]
    return ", ".join([*words, *[_TYPES[part] for part in parts if part in _TYPES][:1]]) or "mapping"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, timedelta):
        return f"`{go_text(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "none" if value in (None, [], {}) else f"`{value}`"


def kinds(*groups: str) -> str:
    """Every kind of some API groups: what its fields do."""
    found = support.catalogue({key: entry for key, entry in KINDS.items() if key[0].rpartition("/")[0] in groups})
    return support.as_markdown(kind for kind in found if kind.name != support.COMMON)


def metadata() -> str:
    """What the fields of every object do."""
    return support.table(support.catalogue({})[0])


def defaults() -> str:
    """Where egc's defaults differ from Envoy Gateway's."""
    rows = ((d.what, d.egc, d.envoy_gateway, d.why, d.switch) for d in DEFAULTS)
    return table(("What", "egc", "Envoy Gateway", "Because", "Change it with"), rows)


def layers() -> str:
    """The packages and modules of egc in the order in which they may import each other."""
    names = [name for name in LAYERS if not name.startswith("_")]
    return table(("Package", "What it holds"), ((f"`egc.{n}`", _first_line(import_module(f"egc.{n}"))) for n in names))


def _first_line(documented: object) -> str:
    return (documented.__doc__ or "").partition("\n")[0].replace("``", "`")


PARTS: dict[str, Callable[[], str]] = {
    "defaults": defaults,
    "diagnostics": explain.table,
    "layers": layers,
    "profile": profile,
    "support-envoy-gateway": lambda: kinds("gateway.envoyproxy.io"),
    "support-every-object": metadata,
    "support-gateway-api": lambda: kinds("gateway.networking.k8s.io"),
    "support-kubernetes": lambda: kinds("", "discovery.k8s.io"),
}
"""The generated parts by their names, each between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in one page."""


def pages() -> list[Path]:
    """Every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def current(page: str) -> str:
    """The page with its generated parts as they have to be. KeyError for a part that nobody generates."""
    return _PART.sub(lambda found: f"{found['name']}{found[2]}\n{PARTS[found['name']]()}\n\n", page)


def parts(page: str) -> list[str]:
    """The names of the generated parts of a page."""
    return [found["name"] for found in _PART.finditer(page)]


if __name__ == "__main__":
    for path in pages():
        text = path.read_text(encoding="utf-8")
        if (written := current(text)) != text:
            path.write_text(written, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")
