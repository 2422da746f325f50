"""The reference page of the manifest, from the same models as the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stacks.forms import FORMS
from stacks.registry import Registry
from stacks.registry.clouds import CLOUDS
from stacks.schema import description, models
from stacks.text import Language, Text

PAGES: Mapping[Language, str] = {"ja": "docs/manifest.ja.md", "en": "docs/manifest.md"}


def page(registry: Registry, language: Language) -> str:
    """The page in one language, as Markdown."""
    lines = [
        f"# {_TITLE.say(language)}",
        "",
        _INTRODUCTION.say(language),
        "",
    ]
    for model in models():
        lines += [f"## {model.__name__}", "", description(model).say(language), ""]
        lines += [*_table(model, language), ""]
    lines += [*_clouds(language), "", *_businesses(registry, language), "", *_catalogue(registry, language)]
    return "\n".join(lines) + "\n"


def _table(model: type[BaseModel], language: Language) -> Iterator[str]:
    yield f"| {' | '.join(head.say(language) for head in (_FIELD, _KIND, _DEFAULT, _MEANING))} |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        text = description(model, name).say(language)
        kind = _kind(field.annotation, field.metadata, language)
        yield f"| `{name}` | {_cell(kind)} | {_cell(_default(field, language))} | {_cell(text)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: FieldInfo, language: Language) -> str:
    if field.is_required():
        return f"**{_REQUIRED.say(language)}**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False, default=str)}`" if value not in ((), {}) else ""


def _kind(annotation: Any, metadata: list[Any], language: Language) -> str:
    """What may be written: choices, a form, limits, or the model that it is."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0], [*metadata, *arguments[1:]], language)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if origin is tuple:
        return f"{_LIST.say(language)}: {_kind(arguments[0], [], language)}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = (_kind(a, [], language) for a in arguments)
        return f"{_MAP.say(language)}: {key} → {value}"
    if arguments:
        return _OR.say(language).join(_kind(a, metadata, language) for a in arguments if a is not NoneType)
    return _plain(annotation, metadata, language)


def _plain(annotation: type, metadata: list[Any], language: Language) -> str:
    limits = [text for constraint in metadata if (text := _limit(constraint, language))]
    names = {"str": _TEXT, "int": _NUMBER, "bool": _TRUTH, "IPv4Network": _RANGE, "IPv4Address": _ADDRESS}
    name = names.get(annotation.__name__, _DATE).say(language)
    return f"{name} ({', '.join(limits)})" if limits else name


def _limit(constraint: Any, language: Language) -> str | None:
    if (pattern := getattr(constraint, "pattern", None)) is not None:
        return FORMS[pattern].say(language)
    match constraint:
        case Ge():
            return f"≥ {constraint.ge}"
        case Le():
            return f"≤ {constraint.le}"
        case MinLen() if constraint.min_length > 1:
            return f"≥ {constraint.min_length}"
        case MaxLen():
            return f"≤ {constraint.max_length}"
        case _:
            return None


def _clouds(language: Language) -> Iterator[str]:
    yield f"## {Text('クラウド', 'Clouds').say(language)}"
    yield ""
    head = Text(
        "| `clouds` のキー | ユニット | リージョン(ゾーン) | データベース |",
        "| key of `clouds` | unit | regions (zones) | databases |",
    )
    yield head.say(language)
    yield "|---|---|---|---|"
    for name, cloud in CLOUDS.items():
        regions = "<br>".join(f"`{r.name}` ({', '.join(r.zones)})" for r in cloud.regions.values())
        engines = ", ".join(sorted(cloud.engines))
        yield f"| `{name}` | {cloud.unit_title.say(language)} | {regions} | {engines} |"


def _businesses(registry: Registry, language: Language) -> Iterator[str]:
    yield f"## {Text('標準化対象20業務', 'The 20 standardised businesses').say(language)}"
    yield ""
    head = Text("| # | ID | 業務 | システムID |", "| # | id | business | system ids |")
    yield head.say(language)
    yield "|---|---|---|---|"
    for business in registry.businesses.values():
        name = business.name.ja if language == "ja" else f"{business.name.en} ({business.name.ja})"
        yield f"| {business.order} | `{business.id}` | {name} | {', '.join(business.system_ids)} |"


def _catalogue(registry: Registry, language: Language) -> Iterator[str]:
    yield f"## {Text('カタログ', 'Catalogue').say(language)}"
    yield ""
    yield _ENTRIES.say(language)
    yield ""
    head = Text("| ID | 製品 | 提供 | 業務 |", "| id | entry | delivery | businesses |")
    yield head.say(language)
    yield "|---|---|---|---|"
    for entry in registry.catalogue.values():
        title = Text(entry.title.ja, entry.title.en).say(language)
        names = ", ".join(f"`{business}`" for business in entry.businesses)
        yield f"| `{entry.id}` | {title} | {entry.delivery} | {names} |"


_TITLE = Text("マニフェストの項目", "The fields of a manifest")
_INTRODUCTION = Text(
    "`stacks/tenants/Pulumi.<スタック>.yaml` の `config:` の下、`jichitai:tenant:` に書く項目。"
    "ファイル名のスタック名は `<コード>-<ローマ字>`(本番)、`<コード>-<ローマ字>-verification`(検証)。"
    "ネットワーク分離・アプリケーション分離の共同利用では `-shared` が付く。\n\n"
    "このページは `python -m stacks.schema` が作る。手で直さない。",
    "What stands in `stacks/tenants/Pulumi.<stack>.yaml` under `config:`, `jichitai:tenant:`. The stack in "
    "the file's name is `<code>-<romaji>` (production) or `<code>-<romaji>-verification`; tenants shared "
    "with network or application isolation have `-shared` after the name.\n\n"
    "`python -m stacks.schema` makes this page. Do not edit it.",
)
_ENTRIES = Text(
    "`stacks/registry/packages` に YAML を1つ加えると増える。ここにあるのは例示で、実在の製品ではない。",
    "A YAML file in `stacks/registry/packages` adds one. These are examples, not real products.",
)
_FIELD, _KIND = Text("項目", "field"), Text("書けるもの", "what may be written")
_DEFAULT, _MEANING = Text("既定", "default"), Text("意味", "meaning")
_REQUIRED = Text("必須", "required")
_LIST, _MAP, _OR = Text("リスト", "list"), Text("マップ", "map"), Text(" または ", " or ")
_TEXT, _NUMBER, _TRUTH = (
    Text("文字列", "text"),
    Text("整数", "whole number"),
    Text("true / false", "true / false"),
)
_RANGE, _ADDRESS, _DATE = (
    Text("IPv4の範囲", "IPv4 range"),
    Text("IPv4アドレス", "IPv4 address"),
    Text("日付", "date"),
)
