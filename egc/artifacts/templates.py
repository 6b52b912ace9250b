"""The templates, filled in."""

from collections.abc import Collection, Mapping
from typing import Any

from egc.artifacts.shipped import shipped


def render(below: str, values: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, str]:
    """Every template in a folder of templates, filled in, by its path without ``.j2``; not those named in *without*."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - few commands need it

    root = shipped("templates") / below
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
