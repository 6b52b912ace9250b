"""Models agree with the CRDs: names, types, required fields, choices, bounds, patterns and defaults."""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, NoDefault
from pydantic_core import core_schema

from egc.envoygateway.models import KINDS as ENVOY_GATEWAY
from egc.envoygateway.models.envoygateway_config import EnvoyGateway
from egc.gatewayapi.models import KINDS as GATEWAY_API
from egc.kube.kinds import KINDS as CORE
from egc.kube.markers import Ignored, Opaque, Unsupported, marked
from egc.kube.model import Model
from egc.kube.resource import Resource

CRDS = Path(os.environ.get("EGC_CRDS") or Path(__file__).parents[2] / "shared" / "crds")
KINDS = CORE | GATEWAY_API | ENVOY_GATEWAY
WITH_CRD = [key for key in GATEWAY_API | ENVOY_GATEWAY if key[1] != "EnvoyGateway"]

Schema = dict[str, Any]
INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
CONSTRAINTS = ("type", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems")


class WithDefaults(GenerateJsonSchema):
    """JSON Schema that also shows the defaults that factories make."""

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        """The default as plain data; none, where it is empty."""
        factory: Any = schema.get("default_factory")
        default = plain(factory() if factory else schema.get("default"))
        return NoDefault if default in (None, [], {}) else default


def plain(value: object) -> object:
    """A value in the shape of YAML, without what is empty."""
    if isinstance(value, Model):
        return plain(value.model_dump(by_alias=True))
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v not in (None, [], {})}
    return [plain(v) for v in value] if isinstance(value, list) else value


def load(entry: str) -> type[Model]:
    """The model class of a registry entry."""
    module, _, name = entry.partition(":")
    model = getattr(import_module(module), name)
    assert isinstance(model, type) and issubclass(model, Model)
    return model


def nested(model: type[Model], seen: set[type[Model]]) -> set[type[Model]]:
    """*seen* with the model and all models below it."""
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            for annotation in mentioned(field.annotation):
                if isinstance(annotation, type) and issubclass(annotation, Model):
                    nested(annotation, seen)
    return seen


def mentioned(annotation: object) -> Iterator[object]:
    """A type expression and its parts."""
    yield annotation
    for argument in get_args(annotation):
        yield from mentioned(argument)


@cache
def crds() -> Mapping[tuple[str, str], Schema]:
    """The schema of every version of every kind we model."""
    schemas = {}
    for file in sorted(CRDS.glob("*/*.yaml")):
        text = file.read_text()
        kind = re.search(r"^    kind: (\w+)$", text, re.MULTILINE)
        if kind and any(kind[1] == name for _, name in WITH_CRD):
            spec = yaml.load(text, yaml.CSafeLoader)["spec"]
            for version in spec["versions"]:
                schemas[f"{spec['group']}/{version['name']}", kind[1]] = version["schema"]["openAPIV3Schema"]
    return schemas


def differences(crd: Schema, model: Schema, definitions: Mapping[str, Schema], path: str) -> Iterator[str]:
    """Whatever a CRD and the JSON schema of a model do not agree on; below opaque fields nothing is compared."""
    crd, model = of_crd(crd), of_model(model, definitions)
    if "type" not in model:
        return
    for key in (*CONSTRAINTS, "maxProperties", "required", "default"):
        if crd.get(key) != model.get(key):
            yield f"{path}: {key} is {model.get(key)!r}, the CRD says {crd.get(key)!r}"
    ours, theirs = model.get("properties", {}), crd.get("properties", {})
    yield from (f"{path}.{name}: not in the model" for name in theirs if name not in ours)
    yield from (f"{path}.{name}: not in the CRD" for name in ours if name not in theirs)
    for name in theirs.keys() & ours.keys():
        yield from differences(theirs[name], ours[name], definitions, f"{path}.{name}")
    if "items" in crd and "items" in model:
        yield from differences(crd["items"], model["items"], definitions, f"{path}[]")
    if "additionalProperties" in crd and isinstance(model.get("additionalProperties"), dict):
        yield from differences(crd["additionalProperties"], model["additionalProperties"], definitions, f"{path}{{}}")


def of_crd(schema: Schema) -> Schema:
    """A node of a CRD, with what it leaves unsaid."""
    node = {key: value for key, value in schema.items() if (key, value) != ("minLength", 0)}
    for part in node.pop("allOf", ()):  # the same choices twice
        node |= part
    if node.get("type") == "integer" and "enum" not in node:  # without a format it is Go's int
        low, high = INTEGERS[node.get("format", "int64")]
        node |= {"minimum": max(low, node.get("minimum", low)), "maximum": min(high, node.get("maximum", high))}
    for rule in node.get("x-kubernetes-validations", ()):
        if size := re.fullmatch(r"size\(self\) <= (\d+)", rule["rule"]):
            node["maxLength"] = int(size[1])
    if "pattern" in node:  # in Go these are ASCII, in Rust they are not
        node["pattern"] = node["pattern"].replace(r"\w", "0-9A-Za-z_").replace(r"\d", "[0-9]")
    # Defaults are filled in before anything is required.
    defaulted = {name for name, child in node.get("properties", {}).items() if "default" in child}
    return node | {"required": sorted(set(node.get("required", ())) - defaulted)}


def of_model(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """A node of a model's schema with references followed; X | None is X."""
    node = dict(schema)
    if "anyOf" in node:
        (inner,) = (option for option in node.pop("anyOf") if option.get("type") != "null")
        node = of_model(inner, definitions) | node
    if "$ref" in node:
        node = definitions[node.pop("$ref").rpartition("/")[2]] | node
    if "const" in node:
        node["enum"] = [node.pop("const")]
    return node | {"required": sorted(node.get("required", ()))}


@pytest.mark.skipif(not CRDS.is_dir(), reason=f"MODELS ARE NOT COMPARED: no CRDs in {CRDS}, set EGC_CRDS")
@pytest.mark.parametrize(("api_version", "kind"), WITH_CRD)
def test_a_model_agrees_with_its_crd(api_version: str, kind: str) -> None:
    """A model has the fields of its CRD, with the same types, bounds and defaults."""
    crd = crds()[api_version, kind]
    model = load(KINDS[api_version, kind]).model_json_schema(schema_generator=WithDefaults)
    assert "spec" in crd["required"] and "spec" in model["required"]
    crd, model, definitions = crd["properties"]["spec"], model["properties"]["spec"], model["$defs"]
    found = sorted(differences(crd, model, definitions, kind))
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("crd", "model"),
    [
        ({"type": "string"}, {"type": "boolean"}),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a"]}),
        ({"type": "string", "default": "a"}, {"type": "string"}),
        ({"type": "string", "pattern": "^a$"}, {"type": "string"}),
        ({"type": "integer", "format": "int32"}, {"type": "integer"}),
        ({"type": "array", "maxItems": 3, "items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "boolean"}}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object"}),
        ({"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        ({"type": "object", "required": ["a"]}, {"type": "object"}),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "size(self) <= 9"}]}, {"type": "string"}),
    ],
)
def test_a_difference_is_found(crd: Schema, model: Schema) -> None:
    """The comparison sees every sort of difference."""
    assert list(differences(crd, model, {}, "x"))
    outer = {"type": "object", "properties": {"x": {"$ref": "#/$defs/X"}}}
    assert list(differences({"type": "object", "properties": {"x": crd}}, outer, {"X": model}, ""))


@pytest.mark.parametrize(("api_version", "kind"), KINDS)
def test_the_registry_leads_to_the_kind(api_version: str, kind: str) -> None:
    """The class of a kind is named as the kind, and can be imported."""
    model = load(KINDS[api_version, kind])
    assert model.__name__ == kind
    assert issubclass(model, Resource) is (kind != "EnvoyGateway")


@pytest.mark.parametrize("entry", sorted(set(KINDS.values())))
def test_what_is_opaque_is_marked(entry: str) -> None:
    """A field that is not modelled further says why."""
    for model in nested(load(entry), set()):
        for name, field in model.model_fields.items():
            if Opaque in mentioned(field.annotation):
                assert any(isinstance(m, Ignored | Unsupported) for m in field.metadata), f"{model.__name__}.{name}"


def test_the_configuration_of_envoy_gateway() -> None:
    """A standalone configuration says where its files are; what only a controller needs is marked."""
    config = EnvoyGateway.model_validate(
        {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyGateway",
            "gateway": {"controllerName": "example.com/controller"},
            "provider": {
                "type": "Custom",
                "custom": {
                    "resource": {"type": "File", "file": {"paths": ["/etc/gateway"]}},
                    "infrastructure": {"type": "Host", "host": {}},
                },
            },
            "logging": {"level": {"default": "info"}},
            "extensionApis": {"enableBackend": True, "enableSDSSecretRef": False},
            "rateLimit": {"backend": {"type": "Redis", "redis": {"url": "redis:6379"}}},
        }
    )
    assert config.provider and config.provider.custom
    assert config.provider.custom.resource.file.paths == ["/etc/gateway"]
    assert (config.extension_apis.enable_backend, config.extension_apis.enable_lua) == (True, None)
    assert {(alias, type(marker)) for _, alias, marker in marked(config)} == {
        ("logging", Ignored),
        ("rateLimit", Unsupported),
    }


@pytest.mark.parametrize("broken", [{"data": {"alice:hunter2 x": ""}}, {"stringData": {"alice:hunter2 x": 1}}])
def test_errors_of_secrets_do_not_quote_their_odd_keys(broken: dict[str, Any]) -> None:
    """What is no key is likely part of the secret, written where a key should be."""
    meta = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    with pytest.raises(ValidationError) as caught:
        load(KINDS["v1", "Secret"]).model_validate(meta | broken)
    (error,) = caught.value.errors()
    assert error["msg"] == "has a key that no file could be called"


def test_errors_of_secrets_do_not_quote_them() -> None:
    """What pydantic reports of a Secret points at the mapping and names the key."""
    meta = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    for broken in ({"data": {"password": "hunter2!"}}, {"stringData": {"password": 31337}}, {"data": {"password": 1}}):
        with pytest.raises(ValidationError) as caught:
            load(KINDS["v1", "Secret"]).model_validate(meta | broken)
        (error,) = caught.value.errors()
        assert isinstance(error["input"], dict)
        assert "password" in error["msg"] and "hunter2!" not in error["msg"] and "31337" not in error["msg"]
