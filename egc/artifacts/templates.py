"""The templates: in the wheel inside the package, in a checkout beside it."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[1]


def folder() -> Path:
    """Where the templates are."""
    packed = _PACKAGE / "_templates"
    return packed if packed.is_dir() else _PACKAGE.parent / "templates"


def render(below: str, values: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, str]:
    """Every template in a folder of templates, filled in, by its path without ``.j2``; not those named in *without*."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - few commands need it

    root = folder() / below
    environment = Environment(
        loader=FileSystemLoader(root),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - the output is YAML, not HTML
    )
    names = {name.removesuffix(".j2"): name for name in sorted(environment.list_templates())}
    return {name: environment.get_template(file).render(values) for name, file in names.items() if name not in without}
