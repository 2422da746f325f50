"""What the engine and the program give, made ready for use: configuration, default tags, import ids."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from stacks.text import Text

from . import convert, schema
from .errors import SakuraError
from .model import Json, Resource
from .settings import CONFIG, Settings


def parsed_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as values: the engine sends every one as text."""
    kinds = {field.name: field.type for field in CONFIG}
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        kind = kinds.get(name)
        if isinstance(value, str) and kind is not None and getattr(kind, "kind", "object") != "string":
            with contextlib.suppress(ValueError):  # left as text, it is refused with its name by CheckConfig
                parsed[name] = json.loads(value)
                continue
        parsed[name] = value
    return parsed


def with_defaults(resource: Resource, inputs: dict[str, Json], settings: Settings) -> dict[str, Json]:
    """`inputs` with the provider's own tags, where the resource takes tags and there is room."""
    tags = inputs.get("tags", [])
    takes = settings.default_tags and any(f.name == "tags" for f in resource.inputs)
    if takes and isinstance(tags, list) and not convert.holds_unknown(tags):
        return {**inputs, "tags": [*tags, *(t for t in settings.default_tags if t not in tags)]}
    return inputs


def parse_import(resource: Resource, given: str) -> tuple[dict[str, Json], str]:
    """An import id's parts as properties, and the id itself. SakuraError when it has another form."""
    names = resource.import_parts
    parts = given.split("/", len(names))
    if len(parts) == len(names) + 1 and all(parts):
        return dict(zip(names, parts[:-1], strict=True)), parts[-1]
    if names[:1] == ("zone",) and len(parts) == len(names) and all(parts):
        return dict(zip(names[1:], parts[:-1], strict=True)), parts[-1]
    form = schema.import_form(resource)
    raise SakuraError(
        Text(
            ja=f"「{given}」では取り込めません。{resource.token} のIDは {form} の形です。",
            en=f"“{given}” cannot be imported: an id of {resource.token} has the form {form}.",
        )
    )
