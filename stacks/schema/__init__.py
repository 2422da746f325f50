"""The JSON Schema of a stack file: what an editor completes and checks while one types.

Made from `stacks.manifest`, with the registry's own values where the model has only a pattern:
regions, zones, units, businesses, catalogue entries. Descriptions are in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel

from stacks.manifest import Tenant
from stacks.registry import Registry
from stacks.registry.clouds import CLOUDS, Cloud
from stacks.text import Text

FILE = Path(__file__).with_name("stack.schema.json")
"""The committed schema; each stack file names it in its first line."""

Json = dict[str, Any]


@cache
def japanese() -> Mapping[str, str]:
    """Japanese descriptions by `<class>` and `<class>.<field>`."""
    return yaml.load(Path(__file__).with_name("ja.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def models() -> Iterator[type[BaseModel]]:
    """The models of a manifest, `Tenant` first, each before those that it holds."""
    waiting: list[type[BaseModel]] = [Tenant]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield model
        for field in model.model_fields.values():
            waiting += _held(field.annotation)


def _held(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _held(inner)]


def description(model: type[BaseModel], field: str | None = None) -> Text:
    """What a model, or one of its fields, means, on one line. Raises KeyError where Japanese is missing."""
    if field is None:
        english = (model.__doc__ or "").strip()
        return Text(japanese()[model.__name__], " ".join(english.split()))
    english = model.model_fields[field].description or ""
    return Text(japanese()[f"{model.__name__}.{field}"], " ".join(english.split()))


def schema(registry: Registry) -> Json:
    """The JSON Schema (2020-12) of a stack file."""
    tenant = Tenant.model_json_schema()
    definitions = cast(Json, tenant.pop("$defs"))
    definitions["Tenant"] = tenant
    for model in models():
        _describe(definitions[model.__name__], model)
    _complete(definitions, registry)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Jichitai stack file / Jichitai のスタックファイル",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": ["jichitai:tenant"],
                "properties": {"jichitai:tenant": {"$ref": "#/$defs/Tenant"}},
            }
        },
        "$defs": {name: _tidy(definitions[name]) for name in sorted(definitions)},
    }


def _describe(definition: Json, model: type[BaseModel]) -> None:
    definition["description"] = _both(description(model))
    for name, field in cast(Json, definition["properties"]).items():
        field["description"] = _both(description(model, name))


def _both(text: Text) -> str:
    return f"{text.ja}\n\n{text.en}"


def _complete(definitions: Json, registry: Registry) -> None:
    """Put the registry's values in, so that an editor offers them."""
    businesses = {
        "enum": list(registry.businesses),
        "markdownEnumDescriptions": [f"{b.name.ja} / {b.name.en}" for b in registry.businesses.values()],
    }
    package, tenant = definitions["Package"]["properties"], definitions["Tenant"]["properties"]
    tenant["on_premises"]["items"] = businesses
    for branch in package["businesses"]["anyOf"]:
        if branch.get("type") == "array":
            branch["items"] = businesses
    package["catalogue"] |= {
        "enum": list(registry.catalogue),
        "markdownEnumDescriptions": [f"{e.title.ja} / {e.title.en}" for e in registry.catalogue.values()],
    }
    clouds = tenant["clouds"]
    clouds.pop("propertyNames", None)
    clouds["additionalProperties"] = False
    clouds["properties"] = {name: _unit(cloud) for name, cloud in CLOUDS.items()}


def _unit(cloud: Cloud) -> Json:
    """A cloud's unit: the common definition, with the values that this cloud has."""
    zones = list(dict.fromkeys(zone for region in cloud.regions.values() for zone in region.zones))
    return {
        "allOf": [{"$ref": "#/$defs/CloudUnit"}],
        "description": f"{cloud.title.ja} / {cloud.title.en}",
        "properties": {
            "unit": {"pattern": f"^{cloud.unit}$", "description": _both(cloud.unit_title)},
            "region": {"enum": [*cloud.regions, None]},
            "zones": {"items": {"enum": zones}},
        },
    }


def _tidy(node: Any) -> Any:
    """Without pydantic's titles; maps with named keys list them, so that an editor offers them."""
    if isinstance(node, list):
        return [_tidy(item) for item in cast(list[Any], node)]
    if not isinstance(node, dict):
        return node
    made = {key: _tidy(value) for key, value in cast(Json, node).items() if not _is_title(key, value)}
    names = made.get("propertyNames", {}).get("enum")
    if names and "additionalProperties" in made:
        values = made["additionalProperties"]
        del made["propertyNames"]
        made |= {"properties": {name: deepcopy(values) for name in names}, "additionalProperties": False}
    return made


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)
