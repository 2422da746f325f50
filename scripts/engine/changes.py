"""What an operation changes in a resource, property by property, old value and new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["add", "update", "delete"]

SECRET = "[secret]"  # noqa: S105 - the engine's own mask, not a secret
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's mark for a value that exists only after the resource (sdk/go, plugin.UnknownStringValue)."""
LATER = "[known later]"
_SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - Pulumi's signature key, public
_SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105

_PART = re.compile(r"""\.?(?:\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.\[\]"]+))""")


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs. `replaces` when the resource must be made anew for it."""

    path: str
    kind: Kind
    old: Any
    new: Any
    replaces: bool = False

    def record(self) -> dict[str, Any]:
        """The change for JSON."""
        return {
            "property": self.path,
            "kind": self.kind,
            "old": self.old,
            "new": self.new,
            "replaces": self.replaces,
        }


def shown(value: Any) -> Any:
    """`value` as people may see it: secrets and values not known yet are named, at any depth."""
    if isinstance(value, dict):
        if value.get(_SECRET_KEY) == _SECRET_MARK:
            return SECRET
        return {k: shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return LATER if value == UNKNOWN else value


def parts_of(path: str) -> tuple[str | int, ...]:
    """The steps of a property path of the engine's: `a.b[0]["c.d"]` is `a`, `b`, 0, `c.d`."""
    found: list[str | int] = []
    for index, quoted, plain in _PART.findall(path):
        found.append(int(index) if index else re.sub(r"\\(.)", r"\1", quoted) if quoted else plain)
    return tuple(found)


def look_up(value: Any, path: tuple[str | int, ...]) -> Any:
    """The value at `path`, or None where there is none."""
    for part in path:
        if isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        elif isinstance(part, int) and isinstance(value, list) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def changes_of(said: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes that one step of the event log tells of, by path.

    The provider's detailed diff where there is one, else the names of the properties that differ.
    A refresh compares what was recorded with what is real; everything else compares what was
    recorded with what is wanted.
    """
    old: Mapping[str, Any] = said.get("old") or {}
    new: Mapping[str, Any] = said.get("new") or {}
    if not old or not new:
        return ()
    detailed: Mapping[str, Any] = said.get("detailedDiff") or {}
    keys = {str(k) for k in said.get("keys") or ()}
    found: list[Change] = []
    if detailed:
        for path, how in detailed.items():
            kind = str(how.get("diffKind", "update"))
            replaces = kind.endswith("-replace")
            found.append(
                _change(path, kind.removesuffix("-replace"), old, new, replaces, bool(how.get("inputDiff")))
            )
    else:
        found += [_change(path, "update", old, new, path in keys, False) for path in said.get("diffs") or ()]
    return tuple(sorted(found, key=lambda c: c.path))


def _change(
    path: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any], replaces: bool, inputs: bool
) -> Change:
    steps = parts_of(path)
    before = [
        look_up(old.get(side) or {}, steps) for side in (("inputs",) if inputs else ("outputs", "inputs"))
    ]
    after = [look_up(new.get(side) or {}, steps) for side in ("inputs", "outputs")]
    was = next((v for v in before if v is not None), None)
    becomes = next((v for v in after if v is not None and v != was), after[0])
    kind_: Kind = "add" if kind == "add" else "delete" if kind == "delete" else "update"
    return Change(
        path,
        kind_,
        None if kind_ == "add" else shown(was),
        None if kind_ == "delete" else shown(becomes),
        replaces,
    )
