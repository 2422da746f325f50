"""The resource reference, made from the catalogue: what there is, how it is imported, what Terraform calls
it."""

from __future__ import annotations

from collections.abc import Iterable

from .catalog import FUNCTIONS, RESOURCES
from .model import Field, ListOf, MapOf, Record, Resource, Type
from .schema import import_form

_HEAD = """# さくらのクラウド: リソース一覧 / Resource reference

<!-- `python -m scripts.codegen.sakura` が作ります。手で直さないでください。 / Generated; do not edit. -->

`pulumi_sakura` のすべてのリソースと関数です。「Terraform」の列は、同じものの terraform-provider-sakura（v3）
と terraform-provider-sakuracloud（v2）での名前です。
印: **必須**、⟳ 変えると作り直し、🔒 秘密、✎ 書き込み専用（状態に残りません）。

Every resource and function of `pulumi_sakura`. “Terraform” is what terraform-provider-sakura (v3) and
terraform-provider-sakuracloud (v2) call the same thing. Marks: **required**, ⟳ a change replaces, 🔒 secret,
✎ write-only (never in the state).
"""


def markdown() -> str:
    """The whole reference."""
    ordered = sorted(RESOURCES, key=lambda r: (r.module, r.name))
    return "\n".join([_HEAD, _index(), *(_resource(r) for r in ordered), _functions()])


def _index() -> str:
    rows = ["| リソース / resource | 取り込みのID / import id | Terraform |", "| --- | --- | --- |"]
    for r in sorted(RESOURCES, key=lambda r: (r.module, r.name)):
        names = ", ".join(f"`{name}`" for name in r.terraform)
        rows.append(
            f"| [`sakura.{r.module}.{r.name}`](#{r.module}{r.name.lower()}) | `{import_form(r)}` | {names} |"
        )
    return "\n".join(rows) + "\n"


def _resource(resource: Resource) -> str:
    lines = [
        f'<a id="{resource.module}{resource.name.lower()}"></a>',
        f"## {resource.module}.{resource.name}",
        "",
        resource.doc.ja,
        "",
        resource.doc.en,
        "",
        *(f"> {note.ja}\n> {note.en}\n" for note in resource.notes),
        f"`pulumi import {resource.token} NAME {import_form(resource)}`",
        "",
        "| プロパティ / property | 型 / type | 説明 / description |",
        "| --- | --- | --- |",
        *_rows(resource.inputs, ""),
    ]
    computed = [f for f in resource.fields if f.computed]
    if computed:
        lines += [
            "",
            "出力 / Outputs:",
            "",
            "| プロパティ / property | 型 / type | 説明 / description |",
            "| --- | --- | --- |",
        ]
        lines += _rows(computed, "")
    return "\n".join(lines) + "\n"


def _rows(fields: Iterable[Field], prefix: str) -> list[str]:
    rows: list[str] = []
    for field in fields:
        name = f"`{prefix}{field.name}`"
        marks = "".join(
            mark
            for mark, given in (("⟳", field.immutable), ("🔒", field.secret), ("✎", field.write_only))
            if given
        )
        shown = f"**{name}**" if field.required else name
        limits = ""
        if field.choices or field.elements:
            limits = " (" + ", ".join(f"`{c}`" for c in field.choices or field.elements) + ")"
        if field.default not in (None, ""):
            limits += f" [{str(field.default).lower() if isinstance(field.default, bool) else field.default}]"
        rows.append(
            f"| {shown} {marks} | {_type(field.type)} | {field.doc.ja} / {field.doc.en}{limits} |".replace(
                "  ", " "
            )
        )
        inner = field.type.item if isinstance(field.type, ListOf) else field.type
        if isinstance(inner, Record):
            rows += _rows(
                inner.fields, f"{prefix}{field.name}{'[]' if isinstance(field.type, ListOf) else ''}."
            )
    return rows


def _type(type_: Type) -> str:
    if isinstance(type_, ListOf):
        return f"{_type(type_.item)}[]"
    if isinstance(type_, MapOf):
        return f"map({_type(type_.item)})"
    return "object" if isinstance(type_, Record) else type_.kind


def _functions() -> str:
    rows = [
        "## 関数 / Functions",
        "",
        "| 関数 / function | 引数 / arguments | 説明 / description |",
        "| --- | --- | --- |",
    ]
    for fn in sorted(FUNCTIONS, key=lambda fn: (fn.module, fn.name)):
        arguments = ", ".join(f"`{f.name}`" for f in fn.inputs)
        rows.append(f"| `sakura.{fn.module}.{_snake(fn.name)}` | {arguments} | {fn.doc.ja} / {fn.doc.en} |")
    return "\n".join(rows) + "\n"


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
