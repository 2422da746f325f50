"""Between the program's properties and the API's JSON, by the records in `catalog`.

Reading is tolerant, as the API is not of one mind: `[]` stands for an empty object, numbers and truth values
come as texts, ids as either, arrays hold null (facts: sakura-api.md §2.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from providers.wire import UNKNOWN

from .model import Field, Json, ListOf, MapOf, Record, Resource, Scalar, Type

ABSENT: Final = object()
_MARK_TAG: Final = "@pulumi="
_MARK_TEXT: Final = "\n[pulumi:"
_PREVIOUS: Final = "@previous-id="
# Put there by the platform or by tools, never by the program (facts: sakura-api.md §2.3).
_PLATFORM_TAGS: Final = ("@MariaDB-", "@postgres-", _MARK_TAG, _PREVIOUS)


def get(document: Json, path: str) -> Json:
    """What stands at the dotted `path`, or ABSENT."""
    for key in path.split("."):
        if isinstance(document, list) and key.isdigit():
            document = document[int(key)] if int(key) < len(document) else ABSENT
        elif isinstance(document, Mapping) and key in document:
            document = document[key]
        else:
            return ABSENT
        if document is ABSENT:
            return ABSENT
    return document


def put(document: dict[str, Json], path: str, value: Json) -> None:
    """Set what stands at the dotted `path`, making the objects on the way."""
    *parents, last = path.split(".")
    for key in parents:
        inner = document.get(key)
        if not isinstance(inner, dict):
            inner = {}
            document[key] = inner
        document = inner
    document[last] = value


def drop(document: dict[str, Json], path: str) -> None:
    """Remove what stands at the dotted `path`, if anything does."""
    *parents, last = path.split(".")
    inner: Json = document
    for key in parents:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(last, None)


# --- to the API
# -------------------------------------------------------------------------------------------------


def to_wire(type_: Type, value: Json) -> Json:
    """`value` as the API takes it."""
    if value is None:
        return None
    if isinstance(type_, ListOf):
        items = [to_wire(type_.item, item) for item in value]
        return ",".join(items) if type_.codec == "joined" else items
    if isinstance(type_, MapOf):
        return {key: to_wire(type_.item, item) for key, item in value.items()}
    if isinstance(type_, Record):
        document: dict[str, Json] = {}
        for field in type_.fields:
            given = value.get(field.name)
            given = field.default if given is None else given
            if field.wire and not field.computed and given is not None:
                put(document, field.wire, to_wire(field.type, given))
        return document
    return _scalar_to_wire(type_, value)


def _scalar_to_wire(type_: Scalar, value: Json) -> Json:
    if type_.codec == "text_bool":
        return "True" if value else "False"
    if type_.codec == "text_bit":
        return "1" if value else "0"
    if type_.codec == "bool_int":
        return int(bool(value))
    if type_.codec in ("named", "named_text"):
        number = dict(type_.names)[value]
        return number if type_.codec == "named" else str(number)
    if type_.codec == "int_id":
        return int(value) if str(value).isdigit() else value
    if type_.codec in ("id", "text_number"):
        return _text(value)
    return value


def _text(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def document(resource: Resource, inputs: Mapping[str, Json], when: str, onto: Json = None) -> dict[str, Json]:
    """The resource's object for a request.

    when: "create" or "update". On create what was given and the defaults go. On update, what was not given
    and can be emptied is emptied; with `onto`, what the API has now, the part under `resource.settings`
    starts from it, so that settings that we do not know stay.
    """
    body: dict[str, Json] = {}
    if when == "update" and resource.settings and isinstance(onto, Mapping):
        current = get(onto, resource.settings)
        if isinstance(current, Mapping):
            put(body, resource.settings, _copy(current))
    for field in resource.inputs:
        if not field.wire or field.send == "never" or field.send not in ("always", when):
            continue
        if when == "update" and field.immutable:
            continue
        value = inputs.get(field.name)
        # A default is said, not left to the API: what we know and what it does can then not drift apart.
        value = field.default if value is None and when == "create" else value
        if value is not None:
            put(body, field.wire, to_wire(field.type, value))
        elif when == "update" and not field.required:
            _clear(body, resource, field)
    if when == "create":
        for path, value in resource.fixed:
            put(body, path, value)
    return body


def _clear(body: dict[str, Json], resource: Resource, field: Field) -> None:
    if field.write_only:
        return  # absent means: leave it as it is
    if field.default is not None:
        put(body, field.wire, to_wire(field.type, field.default))
    elif resource.settings and field.wire.startswith(resource.settings + "."):
        drop(body, field.wire)
    elif field.wire.endswith(".ID"):
        put(body, field.wire.removesuffix(".ID"), None)
    else:
        put(body, field.wire, _nothing(field.type))


def _nothing(type_: Type) -> Json:
    if isinstance(type_, ListOf):
        return []
    if isinstance(type_, (MapOf, Record)):
        return {}
    return "" if type_.kind == "string" and type_.codec == "plain" else None


def _copy(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value


# --- from the API
# -----------------------------------------------------------------------------------------------


def items(value: Json) -> list[Json]:
    """`value` when it is a list, else nothing: the API is not of one mind about empty ones."""
    return value if isinstance(value, list) else []


def from_wire(type_: Type, value: Json) -> Json:
    """`value` from the API as a program sees it; None for nothing."""
    if value is None or value is ABSENT:
        return None
    if isinstance(type_, ListOf):
        if type_.codec == "joined" and isinstance(value, str):
            value = value.replace(",", " ").split()
        if not isinstance(value, list):
            return None
        items = (from_wire(type_.item, item) for item in value)
        return [item for item in items if item is not None]
    if isinstance(type_, MapOf):
        return {k: from_wire(type_.item, v) for k, v in value.items()} if isinstance(value, Mapping) else None
    if isinstance(type_, Record):
        if not isinstance(value, Mapping):
            return None
        return values_of(type_.fields, value)
    return _scalar_from_wire(type_, value)


def _scalar_from_wire(type_: Scalar, value: Json) -> Json:
    if type_.kind == "any":
        return value
    if isinstance(value, (Mapping, list)):
        return None  # a PHP empty array where a scalar should be
    if type_.codec in ("named", "named_text"):
        return next((word for word, number in type_.names if str(number) == str(value)), str(value))
    if type_.kind == "boolean":
        return value.lower() in ("true", "1", "on", "enabled") if isinstance(value, str) else bool(value)
    if type_.kind in ("integer", "number"):
        return _number(value, whole=type_.kind == "integer")
    return _text(value)


def _number(value: Json, *, whole: bool) -> Json:
    if value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if whole or number.is_integer() else number


def values_of(fields: Iterable[Field], document: Json) -> dict[str, Json]:
    """The properties that `document` (an object of the API) gives for `fields`; nothing where it gives
    nothing."""
    found: dict[str, Json] = {}
    for field in fields:
        if not field.source or field.write_only:
            continue
        value = from_wire(field.type, get(document, field.source))
        if value is not None and (field.computed or field.empty_is_value or not _is_nothing(value)):
            found[field.name] = value
    return found


def _is_nothing(value: Json) -> bool:
    return value is None or value == "" or value == [] or value == {}


def clean(values: dict[str, Json]) -> dict[str, Json]:
    """`values` without the tags and marks that platform and provider put there themselves."""
    tags = values.get("tags")
    if isinstance(tags, list):
        kept = [t for t in tags if not str(t).startswith(_PLATFORM_TAGS)]
        if kept:
            values["tags"] = kept
        else:
            values.pop("tags")
    text = values.get("description")
    if isinstance(text, str) and _MARK_TEXT[1:] in text:
        kept_text = text.split(_MARK_TEXT[1:], 1)[0].rstrip("\n")
        if kept_text:
            values["description"] = kept_text
        else:
            values.pop("description")
    return values


# --- marks
# ------------------------------------------------------------------------------------------------------


def mark_of(urn: str, owner: str) -> str:
    """Twelve hex digits that say whose creation this is: the same for the same URN and `owner`, always."""
    return hashlib.sha256(f"{owner}\0{urn}".encode()).hexdigest()[:12]


def with_mark(resource: Resource, body: dict[str, Json], mark: str) -> dict[str, Json]:
    """`body` with the mark by which an interrupted creation is found again."""
    if resource.marker == "tags":
        path = _wire(resource, "tags")
        tags = get(body, path)
        put(body, path, [*(tags if isinstance(tags, list) else []), _MARK_TAG + mark])
    elif resource.marker == "description":
        path = _wire(resource, "description")
        text = get(body, path)
        put(body, path, (f"{text}\n" if isinstance(text, str) and text else "") + f"[pulumi:{mark}]")
    return body


def has_mark(resource: Resource, document: Json, mark: str) -> bool:
    """Does the API's `document` bear the mark?"""
    if resource.marker == "tags":
        tags = get(document, _wire(resource, "tags"))
        return isinstance(tags, list) and _MARK_TAG + mark in tags
    text = get(document, _wire(resource, "description"))
    return isinstance(text, str) and f"[pulumi:{mark}]" in text


def _wire(resource: Resource, name: str) -> str:
    try:
        return resource.field(name).wire
    except KeyError:
        return {"tags": "Tags", "description": "Description"}[name]


def previous_id_tag(old: str) -> str:
    """The tag with which official tools, and we, find a resource again after a plan change renumbered it."""
    return _PREVIOUS + old


def renumbered_tags(tags: Iterable[str], old: str) -> list[str]:
    """`tags` with the tag that names the old id, in the place of the marks we no longer need."""
    return [*(t for t in tags if not t.startswith((_PREVIOUS, _MARK_TAG))), previous_id_tag(old)]


def known(values: Mapping[str, Json]) -> dict[str, Json]:
    """`values` without what is not known yet."""
    return {key: value for key, value in values.items() if not holds_unknown(value)}


def holds_unknown(value: Json) -> bool:
    """Is anything in it still unknown (a preview)?"""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(holds_unknown(v) for v in value.values())
    return isinstance(value, list) and any(holds_unknown(v) for v in value)
