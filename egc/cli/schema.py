"""``egc schema``."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import click
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from egc.compiler import KINDS
from egc.diagnostics import did_you_mean
from egc.kube.scalars import go_text
from egc.profile import Profile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in YAML."""

    def encode_default(self, dft: Any) -> Any:
        """Durations as Go writes them, where pydantic would write ISO 8601."""
        return go_text(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


@click.command()
@click.argument("name", required=False, metavar="[KIND|profile]")
@click.option("--all", "everything", is_flag=True, help="All of them in one JSON object, by name.")
def command(name: str | None, everything: bool) -> None:
    """Print the JSON Schema of a KIND or of the host profile (egc.yaml). Without a name: list them."""
    models = _models()
    if everything:
        click.echo(json.dumps({key: _schema(key) for key in models}, indent=2))
        return
    if name is None:
        click.echo("\n".join(models))
        return
    if name not in models:
        raise click.UsageError(f"no schema {name}; {did_you_mean(name, models) or 'egc schema lists them'}")
    click.echo(json.dumps(_schema(name), indent=2))


def _models() -> dict[str, str]:
    """Where each model is, by kind; of several versions they are one."""
    found = {kind: entry for (_, kind), entry in sorted(KINDS.items())}
    return {"profile": f"{Profile.__module__}:{Profile.__name__}"} | found


def _schema(name: str) -> dict[str, object]:
    module, _, attribute = _models()[name].partition(":")
    model = getattr(import_module(module), attribute)
    if not issubclass(model, BaseModel):
        raise TypeError(f"{attribute} is not a model")
    return {"$schema": _DIALECT, **model.model_json_schema(by_alias=True, schema_generator=_Schema)}
