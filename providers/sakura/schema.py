"""The Pulumi package schema, made from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stacks.text import Text

from .catalog import FUNCTIONS, RESOURCES
from .model import Field, ListOf, MapOf, Record, Resource, Scalar, Type
from .settings import CONFIG

VERSION = "0.1.0"


def package() -> dict[str, Any]:
    """The whole schema, as `pulumi package get-schema` prints it."""
    types: dict[str, Any] = {}
    resources = {r.token: _resource(r, types) for r in RESOURCES}
    functions = {
        fn.token: {
            "description": _doc(fn.doc),
            "inputs": {
                "type": "object",
                "properties": _properties(fn.inputs, fn.module, types),
                "required": sorted(f.name for f in fn.inputs if f.required),
            },
            "outputs": {
                "type": "object",
                "properties": _properties(fn.outputs, fn.module, types),
                "required": sorted(f.name for f in fn.outputs if f.required),
            },
        }
        for fn in FUNCTIONS
    }
    config = _properties(CONFIG, "", types)
    return {
        "name": "sakura",
        "version": VERSION,
        "displayName": "SAKURA Cloud",
        "description": "さくらのクラウド、ネイティブの Pulumi プロバイダー / A native Pulumi provider "
        "for SAKURA Cloud",
        "license": "Apache-2.0",
        "keywords": ["pulumi", "sakura", "sakuracloud", "category/cloud", "kind/native"],
        "meta": {"moduleFormat": "(.*)"},
        "config": {"variables": config},
        "provider": {
            "description": "さくらのクラウドのプロバイダー。 / The provider.",
            "inputProperties": config,
        },
        "types": dict(sorted(types.items())),
        "resources": dict(sorted(resources.items())),
        "functions": dict(sorted(functions.items())),
        "language": {
            "python": {
                "packageName": "pulumi_sakura",
                "requires": {"pulumi": ">=3.272,<4"},
                "pyproject": {"enabled": False},
                "respectSchemaVersion": True,
            }
        },
    }


def _doc(text: Text) -> str:
    return f"{text.en}\n\n{text.ja}"


def _resource(resource: Resource, types: dict[str, Any]) -> dict[str, Any]:
    outputs = [f for f in resource.fields if not f.write_only and not f.unkept]
    lines = [_doc(resource.doc), *(_doc(note) for note in resource.notes)]
    if resource.terraform:
        names = ", ".join(f"`{name}`" for name in resource.terraform)
        lines.append(f"Terraform: {names}")
    lines.append(f"## Import\n\n```sh\npulumi import {resource.token} NAME {import_form(resource)}\n```")
    described: dict[str, Any] = {
        "description": "\n\n".join(lines),
        "properties": _properties(outputs, resource.module, types),
        "required": sorted(f.name for f in outputs if f.required or (f.computed and f.name == "resourceId")),
        "inputProperties": _properties(resource.inputs, resource.module, types, replace=True),
        "requiredInputs": sorted(f.name for f in resource.inputs if f.required),
    }
    return described


def import_form(resource: Resource) -> str:
    """What an import id of this kind looks like."""
    parts = [*resource.import_parts, "id"]
    return "/".join("{" + part + "}" for part in parts)


def _properties(
    fields: Iterable[Field], module: str, types: dict[str, Any], *, replace: bool = False
) -> dict[str, Any]:
    return {f.name: _property(f, module, types, replace=replace) for f in fields}


def _property(field: Field, module: str, types: dict[str, Any], *, replace: bool) -> dict[str, Any]:
    described = {**_type(field.type, module, types), "description": _describe(field)}
    if field.secret or field.write_only:
        described["secret"] = True
    if replace and field.immutable:
        described["replaceOnChanges"] = True
    return described


def _describe(field: Field) -> str:
    parts_en, parts_ja = [field.doc.en], [field.doc.ja]
    if field.choices or field.elements:
        allowed = ", ".join(f"`{c}`" for c in field.choices or field.elements)
        parts_en.append(f"One of {allowed}.")
        parts_ja.append(f"使える値: {allowed}。")
    if field.default is not None:
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        parts_en.append(f"Default: `{shown}`.")
        parts_ja.append(f"既定値: `{shown}`。")
    if field.write_only:
        parts_en.append("Write-only: never read back, never in the state.")
        parts_ja.append("書き込み専用（読み戻さず、状態にも残しません）。")
    return f"{' '.join(parts_en)}\n\n{''.join(parts_ja)}"


def _type(type_: Type, module: str, types: dict[str, Any]) -> dict[str, Any]:
    if isinstance(type_, ListOf):
        return {"type": "array", "items": _type(type_.item, module, types)}
    if isinstance(type_, MapOf):
        return {"type": "object", "additionalProperties": _type(type_.item, module, types)}
    if isinstance(type_, Record):
        return {"$ref": f"#/types/{_register(type_, module, types)}"}
    return _scalar(type_)


def _scalar(type_: Scalar) -> dict[str, Any]:
    return {"$ref": "pulumi.json#/Any"} if type_.kind == "any" else {"type": type_.kind}


def _register(record: Record, module: str, types: dict[str, Any]) -> str:
    token = f"sakura:{module}:{record.name}"
    described = {
        "type": "object",
        "properties": _properties(record.fields, module, types),
        "required": sorted(f.name for f in record.fields if f.required),
    }
    known = types.setdefault(token, described)
    if known != described:
        raise ValueError(f"two types are called {token}")
    return token
