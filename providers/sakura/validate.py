"""Check: are the inputs what the API accepts? Every problem at once, each naming its property."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stacks.text import Text

from . import convert, seal
from .model import Field, ListOf, MapOf, Problem, Record, Resource, Scalar, Type


def problems(resource: Resource, inputs: Mapping[str, Any], *, exists: bool = False) -> list[Problem]:
    """What is wrong with `inputs`; unknown values (previews) are taken to be right.

    exists: it is there already, so that what only a creation needs may be absent.
    """
    found = list(_record(resource.inputs, inputs, ""))
    if not found:
        for rule in (*resource.rules, *(() if exists else resource.creation_rules)):
            found.extend(rule(inputs))
    return found


def record_problems(fields: Iterable[Field], values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with an object of `fields`: for functions and the provider's configuration."""
    return list(_record(tuple(fields), values, ""))


def _record(fields: tuple[Field, ...], values: Mapping[str, Any], path: str) -> Iterator[Problem]:
    by_name = {field.name: field for field in fields}
    for name in values:
        if name not in by_name and not name.startswith("__"):
            near = difflib.get_close_matches(name, by_name, 1)
            yield Problem(
                path + name,
                Text(
                    ja=f"「{name}」というプロパティはありません。"
                    + (f"「{near[0]}」ではありませんか。" if near else ""),
                    en=f"There is no property “{name}”." + (f" Did you mean “{near[0]}”?" if near else ""),
                ),
            )
    for field in fields:
        value = values.get(field.name)
        if value is None:
            if field.required:
                yield Problem(
                    path + field.name,
                    Text(ja=f"必須です: {field.doc.ja}", en=f"Required: {field.doc.en}"),
                )
        else:
            yield from _value(field, field.type, value, path + field.name)


def _value(field: Field, type_: Type, value: Any, path: str) -> Iterator[Problem]:
    if value is convert.UNKNOWN:
        return
    if isinstance(type_, ListOf):
        if not isinstance(value, list):
            yield _wrong_type(path, Text(ja="リスト", en="a list"), value)
            return
        yield from _bounds(field, len(value), path, Text(ja="要素数", en="the number of elements"))
        for at, item in enumerate(value):
            yield from _value(_ELEMENT, type_.item, item, f"{path}[{at}]")
            if field.elements and isinstance(item, (str, int)) and item not in field.elements:
                yield _not_among(f"{path}[{at}]", item, field.elements)
    elif isinstance(type_, MapOf):
        if not isinstance(value, Mapping):
            yield _wrong_type(path, Text(ja="マップ", en="a map"), value)
            return
        for key, item in value.items():
            yield from _value(_ELEMENT, type_.item, item, f"{path}.{key}")
    elif isinstance(type_, Record):
        if not isinstance(value, Mapping):
            yield _wrong_type(path, Text(ja="オブジェクト", en="an object"), value)
            return
        yield from _record(tuple(f for f in type_.fields if not f.computed), value, path + ".")
    else:
        yield from _scalar(field, type_, value, path)


_ELEMENT = Field(name="", type=Scalar("any"), wire="", doc=Text(ja="", en=""))


def _scalar(field: Field, type_: Scalar, value: Any, path: str) -> Iterator[Problem]:
    expected = {
        "string": Text(ja="文字列", en="a text"),
        "integer": Text(ja="整数", en="a whole number"),
        "number": Text(ja="数", en="a number"),
        "boolean": Text(ja="true か false", en="true or false"),
    }.get(type_.kind)
    right = {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }.get(type_.kind, True)
    if not right and expected is not None:
        yield _wrong_type(path, expected, value)
        return
    if field.choices and value not in field.choices:
        yield _not_among(path, value, field.choices)
        return
    if isinstance(value, str):
        if field.write_only and value.startswith(seal.PREFIX):
            return
        yield from _bounds(field, len(value), path, Text(ja="文字数", en="the length"))
        if field.pattern and not re.fullmatch(field.pattern, value):
            shown = "***" if field.secret or field.write_only else value
            yield Problem(
                path,
                Text(
                    ja=f"「{shown}」は形式に合いません: {field.doc.ja}（{field.pattern}）",
                    en=f"“{shown}” does not have the form of {field.pattern}: {field.doc.en}",
                ),
            )
    elif not isinstance(value, bool) and isinstance(value, (int, float)):
        yield from _bounds(field, value, path, Text(ja="値", en="the value"))


def _bounds(field: Field, size: float, path: str, what: Text) -> Iterator[Problem]:
    low, high = field.low, field.high
    if (low is not None and size < low) or (high is not None and size > high):
        span = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
        yield Problem(
            path,
            Text(
                ja=f"{what.ja}は {span} の範囲です（現在 {size:g}）。",
                en=f"{what.en} must be {span}, but is {size:g}.",
            ),
        )


def _wrong_type(path: str, expected: Text, value: Any) -> Problem:
    kind = {"str": "string", "dict": "object"}.get(type(value).__name__, type(value).__name__)
    return Problem(
        path,
        Text(ja=f"{expected.ja}が必要ですが、{kind} です。", en=f"Must be {expected.en}, but is {kind}."),
    )


def _not_among(path: str, value: Any, choices: Iterable[Any]) -> Problem:
    allowed = ", ".join(str(c) for c in choices)
    near = difflib.get_close_matches(str(value), [str(c) for c in choices], 1)
    return Problem(
        path,
        Text(
            ja=f"「{value}」は使えません。使える値: {allowed}"
            + (f"（「{near[0]}」ではありませんか）" if near else ""),
            en=f"“{value}” is not allowed. Allowed: {allowed}"
            + (f" (did you mean “{near[0]}”?)" if near else ""),
        ),
    )
