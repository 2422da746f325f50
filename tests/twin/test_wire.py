"""Property values to the wire and back."""

from __future__ import annotations

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from providers import wire

_NUMBERS = st.booleans() | st.integers(-(2**50), 2**50)
_SCALARS = st.none() | _NUMBERS | st.text(max_size=20) | st.just(wire.UNKNOWN)
_NAMES = st.text("abc", min_size=1)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), _VALUES, max_size=5)


def _paths(value: wire.Value, path: wire.Path = ()) -> list[wire.Path]:
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [p for key, item in value.items() for p in _paths(item, (*path, key))]
    if isinstance(value, list):
        return found + [p for at, item in enumerate(value) for p in _paths(item, (*path, at))]
    return found


@given(_OBJECTS, st.data())
def test_what_goes_out_comes_back_secrets_and_unknowns_included(
    properties: dict[str, wire.Value], data: st.DataObject
) -> None:
    paths = _paths(properties)
    secrets = frozenset(data.draw(st.lists(st.sampled_from(paths), max_size=3)) if paths else [])
    assert wire.decode(wire.encode(properties, secrets)) == (properties, secrets)


def _signed(signature: str, **fields: wire.Value) -> struct_pb2.Struct:
    return wire.encode({"it": {wire.SIGNATURE: signature, **fields}})


def test_output_values_are_unwrapped() -> None:
    assert wire.decode(_signed(wire.OUTPUT, value="x", secret=True)) == ({"it": "x"}, {("it",)})
    assert wire.decode(_signed(wire.OUTPUT, value="x")) == ({"it": "x"}, frozenset())
    assert wire.decode(_signed(wire.OUTPUT)) == ({"it": wire.UNKNOWN}, frozenset())


def test_references_mean_the_id_else_the_urn() -> None:
    assert wire.plain(_signed(wire.REFERENCE, urn="urn:x", id="vpc-1")) == {"it": "vpc-1"}
    assert wire.plain(_signed(wire.REFERENCE, urn="urn:x", id="")) == {"it": wire.UNKNOWN}
    assert wire.plain(_signed(wire.REFERENCE, urn="urn:x")) == {"it": "urn:x"}


def test_assets_stay_as_they_are() -> None:
    asset = {wire.SIGNATURE: wire.ASSET, "hash": "00", "text": "x"}
    assert wire.plain(wire.encode({"it": asset})) == {"it": asset}


def test_paths_pick_through_lists_and_single_objects() -> None:
    body = {"a": [{"b": 1}, {"b": 2}, {}], "c": {"d": ["x", "y"]}}
    assert list(wire.pick(body, "a[].b")) == [("a[0].b", 1), ("a[1].b", 2)]
    assert list(wire.pick(body, "c[].d[]")) == [("c.d[0]", "x"), ("c.d[1]", "y")]
    assert list(wire.pick(body, "nothing.here")) == []
