"""What has changed: between two sets of inputs, and between inputs and what the API has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import convert
from .model import Field, Json, ListOf, MapOf, Record, Resource, Type

Same = Callable[[Field, Json, Json], bool]
"""Do two ids name one resource, although it was renumbered?"""


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs: `path` as the engine writes paths; `kind` add, update or delete."""

    path: str
    kind: str
    replace: bool


def changes(resource: Resource, old: Mapping[str, Json], new: Mapping[str, Json]) -> list[Change]:
    """The differences between two sets of inputs, each at the deepest place that can be named."""
    found: list[Change] = []
    for field in resource.inputs:
        before, after = old.get(field.name), new.get(field.name)
        if after is None and field.api_chooses:
            continue
        if not same(field, before, after):
            found.extend(_name(field, field.name, before, after, replace=field.immutable))
    return found


def _name(field: Field, path: str, before: Json, after: Json, *, replace: bool) -> list[Change]:
    if before is None or after is None:
        return [Change(path, "add" if before is None else "delete", replace)]
    if isinstance(field.type, Record) and isinstance(before, Mapping) and isinstance(after, Mapping):
        inner = [
            change
            for each in field.type.fields
            if not same(each, before.get(each.name), after.get(each.name))
            for change in _name(
                each,
                f"{path}.{each.name}",
                before.get(each.name),
                after.get(each.name),
                replace=replace or each.immutable,
            )
        ]
        return inner or [Change(path, "update", replace)]
    return [Change(path, "update", replace)]


def same(field: Field, one: Json, other: Json) -> bool:
    """Do the two mean the same to the API? Absent means the default; sets have no order."""
    return canonical(field, one) == canonical(field, other)


def canonical(field: Field, value: Json) -> Json:
    """A form in which what means the same is equal."""
    if value is None:
        value = field.default
    if value is None or (not field.empty_is_value and value in ("", [], {})):
        return None
    result = _canonical(field.type, value)
    return None if result == {} else result


def _canonical(type_: Type, value: Json) -> Json:
    if convert.holds_unknown(value):
        return value  # never equal to what is known
    if isinstance(type_, ListOf):
        items = [_canonical(type_.item, item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if type_.unordered else items
    if isinstance(type_, MapOf):
        return {key: _canonical(type_.item, item) for key, item in value.items()}
    if isinstance(type_, Record):
        if not isinstance(value, Mapping):
            return value
        pairs = (
            (field, canonical(field, value.get(field.name))) for field in type_.fields if not field.computed
        )
        # What says no more than the defaults says nothing.
        return {f.name: inner for f, inner in pairs if inner is not None and inner != canonical(f, f.default)}
    if (
        type_.kind in ("integer", "number")
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
    ):
        return float(value)
    return str(value) if type_.kind == "string" else value


def observed(
    resource: Resource, old: Mapping[str, Json], document: Json, extra: Mapping[str, Json], same_id: Same
) -> dict[str, Json]:
    """The inputs that would make what the API has now; `old` where nothing that matters has changed.

    extra: values of the properties that the flow reads itself. What cannot be read back stays as it was.
    """
    result: dict[str, Json] = {}
    now = convert.clean(convert.values_of(resource.inputs, document))
    for field in resource.inputs:
        before = old.get(field.name)
        if field.name in extra:
            value = extra[field.name]
        elif field.write_only or not field.source or _unreadable(field, document):
            value = before
        else:
            value = now.get(field.name)
        if field.api_chooses and before is None and old:
            continue
        kept = _settle(field, before, value, same_id)
        if kept is not None:
            result[field.name] = kept
    return result


def _unreadable(field: Field, document: Json) -> bool:
    """Is it never given back: sent once or by the flow, or there and made of write-only parts alone?"""
    found = convert.get(document, field.source)
    if found is convert.ABSENT:
        return field.send in ("create", "never")
    return bool(found) and isinstance(field.type, Record) and all(f.write_only for f in field.type.fields)


def _settle(field: Field, before: Json, now: Json, same_id: Same) -> Json:
    if before is not None and now is not None:
        now = _carry(field.type, before, now)
    if same(field, before, now):
        return before
    if field.refers_to and before is not None and now is not None and same_id(field, before, now):
        return before
    return now


def _carry(type_: Type, before: Json, now: Json) -> Json:
    """`now`, with the write-only parts inside taken from `before`, which alone has them."""
    if isinstance(type_, Record) and isinstance(before, Mapping) and isinstance(now, Mapping):
        merged = dict(now)
        for field in type_.fields:
            if field.write_only and field.name in before:
                merged[field.name] = before[field.name]
            elif field.name in before and field.name in merged:
                merged[field.name] = _carry(field.type, before[field.name], merged[field.name])
        return merged
    if isinstance(type_, ListOf) and isinstance(type_.item, Record) and len(before) == len(now):
        pairs = _pair(type_, list(before), list(now))
        return [_carry(type_.item, *pair) for pair in pairs]
    return now


def _pair(type_: ListOf, before: list[Json], now: list[Json]) -> Iterable[tuple[Json, Json]]:
    """Elements that belong together: by their readable part where order means nothing, else by place."""
    if not type_.unordered or not isinstance(type_.item, Record):
        return zip(before, now, strict=True)
    fields = [field for field in type_.item.fields if not field.write_only]
    readable = Record(type_.item.name, tuple(fields))
    left = {json.dumps(_canonical(readable, item), sort_keys=True): item for item in before}
    return [(left.get(json.dumps(_canonical(readable, item), sort_keys=True), {}), item) for item in now]
