"""Pulumi's wire form of property values, to and from plain Python.

Plain means `None`, `bool`, `int`, `float`, `str`, `list`, `dict` and `UNKNOWN`. What the protocol marks
with signatures (secrets, output values, resource references; `sdk/go/common/resource/properties.go` in
pulumi/pulumi is the specification) is unwrapped: which places were secret is kept beside the value as a set
of paths. Assets and archives stay as they are: dictionaries with their signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

Value = Any
"""A plain property value; JSON plus UNKNOWN. Its shape is checked against the SDK's schema, not by Python."""
Path = tuple[str | int, ...]

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature of the protocol
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
# One sentinel a type on the wire: an engine sends the string's for nearly all, but may send any of them.
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # assets
        "e48ece36-62e2-4504-bad9-02848725956a",  # archives
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # objects
    }
)


class _Unknown:
    """A value that is known only after the resources it comes from exist (previews)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = _Unknown()


def decode(struct: struct_pb2.Struct) -> tuple[dict[str, Value], frozenset[Path]]:
    """The plain properties in `struct` and the paths of those that were secret."""
    secrets: set[Path] = set()
    return _object(struct, (), secrets), frozenset(secrets)


def plain(struct: struct_pb2.Struct) -> dict[str, Value]:
    """The plain properties in `struct`, where secrecy does not matter."""
    return _object(struct, (), set())


def _object(struct: struct_pb2.Struct, path: Path, secrets: set[Path]) -> dict[str, Value]:
    return {key: _value(field, (*path, key), secrets) for key, field in struct.fields.items()}


def _value(field: struct_pb2.Value, path: Path, secrets: set[Path]) -> Value:
    kind = field.WhichOneof("kind")
    if kind == "string_value":
        text = field.string_value
        # The sentinels are 36 characters: comparing lengths first keeps hashing off the hot path.
        return UNKNOWN if len(text) == 36 and text in _UNKNOWNS else text
    if kind == "number_value":
        number = field.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return field.bool_value
    if kind == "list_value":
        return [_value(item, (*path, at), secrets) for at, item in enumerate(field.list_value.values)]
    if kind == "struct_value":
        inner = field.struct_value
        if SIGNATURE in inner.fields:
            return _signed(inner, path, secrets)
        return _object(inner, path, secrets)
    return None


def _signed(struct: struct_pb2.Struct, path: Path, secrets: set[Path]) -> Value:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value
    if signature == SECRET:
        secrets.add(path)
        return _value(fields["value"], path, secrets)
    if signature == OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            secrets.add(path)
        return _value(fields["value"], path, secrets) if "value" in fields else UNKNOWN
    if signature == REFERENCE:
        # A reference to a resource means its id, or its URN when it is a component (and so has no id).
        chosen = "id" if "id" in fields else "urn"
        found = _value(fields[chosen], path, secrets)
        return UNKNOWN if chosen == "id" and found == "" else found
    return _object(struct, path, secrets)


def encode(
    properties: Mapping[str, Value], secrets: Iterable[Path] = (), *, into: struct_pb2.Struct | None = None
) -> struct_pb2.Struct:
    """`properties` as a protobuf struct, with the places in `secrets` marked secret again."""
    struct = struct_pb2.Struct() if into is None else into
    _fill_object(struct, properties, (), frozenset(secrets))
    return struct


def _fill_object(
    struct: struct_pb2.Struct, properties: Mapping[str, Value], path: Path, secrets: frozenset[Path]
) -> None:
    fields = struct.fields
    for key, value in properties.items():
        _fill(fields[key], value, (*path, key), secrets)


def _fill(field: struct_pb2.Value, value: Value, path: Path, secrets: frozenset[Path]) -> None:
    if secrets and path in secrets:
        wrapped = field.struct_value.fields
        wrapped[SIGNATURE].string_value = SECRET
        _fill(wrapped["value"], value, path, secrets - {path})
    elif isinstance(value, str):
        field.string_value = value
    elif isinstance(value, bool):
        field.bool_value = value
    elif value is None:
        field.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, (int, float)):
        field.number_value = value
    elif value is UNKNOWN:
        field.string_value = _UNKNOWN_STRING
    elif isinstance(value, Mapping):
        field.struct_value.SetInParent()
        _fill_object(field.struct_value, value, path, secrets)
    else:
        values = field.list_value.values
        field.list_value.SetInParent()
        for at, item in enumerate(value):
            _fill(values.add(), item, (*path, at), secrets)


def has_unknown(value: Value) -> bool:
    """Whether anything inside `value` is not known yet."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return False


def pick(value: Value, path: str) -> Iterable[tuple[str, Value]]:
    """Every (exact path, value) that `path` names in `value`; `a.b[].c` steps into each item of the list b.

    Absent and null places give nothing. A single object stands for a list of one, as the SDKs have it.
    """
    return _pick(value, path.split("."), "")


def _pick(value: Value, steps: list[str], at: str) -> Iterable[tuple[str, Value]]:
    if value is None:
        return
    if not steps:
        yield at, value
        return
    if not isinstance(value, dict):
        if value is UNKNOWN:
            yield at, UNKNOWN
        return
    step, rest = steps[0], steps[1:]
    name = step.removesuffix("[]")
    found = value.get(name)
    here = f"{at}.{name}" if at else name
    if step.endswith("[]") and isinstance(found, list):
        for number, item in enumerate(found):
            yield from _pick(item, rest, f"{here}[{number}]")
    else:
        yield from _pick(found, rest, here)


def path_text(path: Path) -> str:
    """`path` in Pulumi's property path syntax: `a.b[0].c`, with keys that are no identifiers quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            quoted = step.replace('"', '\\"')
            text += f'["{quoted}"]'
    return text
