"""Checks a resource's inputs against its schema: all errors at once, each with its property path."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.twin.schema import Property, Schema, Type
from providers.wire import SIGNATURE, UNKNOWN, Value
from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing wrong with the inputs: the property's path and what to do about it."""

    path: str
    reason: Text


_KINDS = {
    "str": Text(ja="文字列", en="a string"),
    "int": Text(ja="整数", en="an integer"),
    "num": Text(ja="数値", en="a number"),
    "bool": Text(ja="真偽値", en="a boolean"),
    "list": Text(ja="リスト", en="a list"),
    "map": Text(ja="マップ", en="a map"),
    "obj": Text(ja="オブジェクト", en="an object"),
    "asset": Text(ja="アセット", en="an asset"),
    "enum": Text(ja="文字列", en="a string"),
}


def check(schema: Schema, inputs: Mapping[str, Value]) -> list[Failure]:
    """Everything wrong with `inputs`; empty when the schema accepts them. Unknown values pass everywhere."""
    return list(_members(schema.inputs, inputs, ""))


def _members(members: Mapping[str, Property], value: Mapping[str, Value], path: str) -> Iterator[Failure]:
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        found = members.get(name)
        if found is None:
            if not name.startswith("__"):
                yield _unknown(here, name, members)
        elif item is not None and item is not UNKNOWN:
            yield from _check(found.type, item, here)
    for name, found in members.items():
        if found.required and value.get(name) is None:
            here = f"{path}.{name}" if path else name
            yield Failure(
                here,
                Text(
                    ja=f"必須のプロパティ `{here}` がありません。値を指定してください",
                    en=f"missing required property `{here}`; give it a value",
                ),
            )


def _unknown(path: str, name: str, members: Mapping[str, Property]) -> Failure:
    near = difflib.get_close_matches(name, list(members), n=1, cutoff=0.6)
    hint_ja = f"。もしかして `{near[0]}` ですか" if near else ""
    hint_en = f"; did you mean `{near[0]}`?" if near else ""
    return Failure(
        path,
        Text(
            ja=f"`{path}` というプロパティはありません{hint_ja}",
            en=f"there is no property `{path}`{hint_en}",
        ),
    )


def _check(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    if value is UNKNOWN or value is None or type_.kind == "any":
        return
    inside = _INSIDES.get(type_.kind)
    if inside is not None:
        yield from inside(type_, value, path)
    elif not _fits(type_.kind, value):
        yield _wrong(type_, value, path)
    elif type_.limit is not None:
        yield from _limits(type_, value, path)


def _list(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    if not isinstance(value, list):
        yield _wrong(type_, value, path)
    elif type_.item is not None:
        for at, item in enumerate(value):
            yield from _check(type_.item, item, f"{path}[{at}]")


def _map(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    if not isinstance(value, dict):
        yield _wrong(type_, value, path)
    elif type_.item is not None:
        for name, item in value.items():
            yield from _check(type_.item, item, f'{path}["{name}"]')


def _object(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    if not isinstance(value, dict):
        yield _wrong(type_, value, path)
    else:
        yield from _members(type_.members, value, path)


def _one_of(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    """One of several types: when none fits, what is wrong with the one that fits best."""
    tries = [list(_check(choice, value, path)) for choice in type_.choices]
    if all(tries):
        yield min(tries, key=len)[0]


def _asset(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    if not (isinstance(value, dict) and SIGNATURE in value):
        yield _wrong(type_, value, path)


_INSIDES = {"list": _list, "map": _map, "obj": _object, "one": _one_of, "asset": _asset}


def _fits(kind: str, value: Value) -> bool:
    if kind in {"str", "enum"}:
        # The bridged providers turn numbers and booleans into strings where a string is declared.
        return isinstance(value, (str, bool, int, float))
    if kind == "bool":
        return isinstance(value, bool) or value in ("true", "false")
    if kind == "int":
        return (isinstance(value, int) and not isinstance(value, bool)) or _is_number(value, int)
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or _is_number(value, float)


def _is_number(value: Value, convert: type[int] | type[float]) -> bool:
    if not isinstance(value, str):
        return False
    try:
        convert(value)
    except ValueError:
        return False
    return True


def _wrong(type_: Type, value: Value, path: str) -> Failure:
    wanted = _KINDS[type_.kind]
    shown = _show(value)
    return Failure(
        path,
        Text(
            ja=f"`{path}` は{wanted.ja}でなければなりません（実際の値: {shown}）",
            en=f"`{path}` must be {wanted.en}, not {shown}",
        ),
    )


def _limits(type_: Type, value: Value, path: str) -> Iterator[Failure]:
    limit = type_.limit
    if limit is None:
        return
    if limit.values:
        if str(value) not in limit.values:
            near = difflib.get_close_matches(str(value), limit.values, n=1, cutoff=0.5)
            hint_ja = f"。もしかして {near[0]!r} ですか" if near else ""
            hint_en = f"; did you mean {near[0]!r}?" if near else ""
            shown = ", ".join(limit.values[:12]) + (", …" if len(limit.values) > 12 else "")
            yield Failure(
                path,
                Text(
                    ja=f"`{path}` に {value!r} は使えません（使える値: {shown}）{hint_ja}",
                    en=f"`{path}` cannot be {value!r}; allowed: {shown}{hint_en}",
                ),
            )
        return
    size = len(value) if isinstance(value, str) else value
    if not isinstance(size, (int, float)):
        return
    what_ja, what_en = ("長さ", "length") if isinstance(value, str) else ("値", "value")
    # 1e9 and above is how the models write "no limit worth naming".
    low, high = limit.low, limit.high
    if (low is not None and size < low) or (high is not None and size > high):
        shown = f"{_bound(low)}–{_bound(high)}"
        yield Failure(
            path,
            Text(
                ja=f"`{path}` の{what_ja} {size} は範囲 {shown} の外です",
                en=f"the {what_en} {size} of `{path}` is outside {shown}",
            ),
        )
    elif type_.pattern is not None and isinstance(value, str) and type_.pattern.search(value) is None:
        yield Failure(
            path,
            Text(
                ja=f"`{path}` の値 {_show(value)} は形式 {limit.pattern} に合いません",
                en=f"`{path}` is {_show(value)}, which does not match {limit.pattern}",
            ),
        )


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _show(value: Value) -> str:
    """A value for a message: short, and never the inside of a structure, which may hold what is not for
    logs.
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[0]
