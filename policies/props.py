"""Reading the properties of a resource as the engine keeps them.

Properties come from an exported state, a preview's JSON, or the engine's own calls. They are JSON,
with marks for what is unknown and what is secret (constants of the engine: sdk/go/common/resource).
Anything of an unexpected type reads as UNKNOWN, never as fine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from policies.facts import UNKNOWN, Unknown

MARK = "4dabf18193072939515e22adb298388d"
"""Key of every specially marked value (resource.SigKey)."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's public constant (resource.SecretSig)
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""resource.OutputValueSig."""
UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string, and what JSON previews write for anything
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The engine's stand-ins for values that a preview cannot know (sdk/go/common/resource/plugin)."""

Answer: TypeAlias = Literal[Unknown.UNKNOWN]


def plain(value: Any) -> Any:
    """`value` without its marks: UNKNOWN for what cannot be known, and for a secret that is encrypted."""
    if value.__class__ is str:
        # The length first: to look a long text up costs reading all of it.
        return UNKNOWN if len(value) == 36 and value in UNKNOWNS else value
    if value.__class__ is dict and MARK in value:
        if "value" in value and value[MARK] in (OUTPUT, SECRET):
            return plain(value["value"])
        if value[MARK] == SECRET and "plaintext" in value:
            try:
                return plain(json.loads(value["plaintext"]))
            except (ValueError, TypeError):
                return UNKNOWN
        return UNKNOWN
    return value


class Props:
    """The properties of a resource, or of a block within it."""

    __slots__ = ("needs", "raw")

    def __init__(self, raw: Mapping[str, Any], needs: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.raw = raw
        self.needs = needs
        """The URNs behind each property, of a whole resource where they are known."""

    def get(self, name: str) -> Any:
        """The value of a property: UNKNOWN, None when absent, or JSON."""
        value: Any = self.raw.get(name)
        kind = value.__class__
        if kind is str:
            return UNKNOWN if len(value) == 36 and value in UNKNOWNS else value
        return plain(value) if kind is dict else value

    def at(self, *path: str) -> Any:
        """The value at a path; a list on the way stands for its only (first) element."""
        here: Any = self
        for step in path:
            value = here.get(step)
            if value.__class__ is list:
                value = plain(value[0]) if value else None
            if value is None or value is UNKNOWN:
                return value
            if value.__class__ is dict:
                here = Props(value)
            elif step is path[-1]:
                return value
            else:
                return UNKNOWN
        return here

    def block(self, *path: str) -> Props | Answer | None:
        """The block at a path, None when there is none."""
        value = self.at(*path)
        return value if value is None or value is UNKNOWN or isinstance(value, Props) else UNKNOWN

    def flag(self, name: str, default: bool | Answer | None = None) -> bool | Answer | None:
        """A true-or-false property. Texts that say so count: "true", "ENABLED"."""
        return truth(self.get(name), default)

    def flag_at(self, *path: str, default: bool | Answer | None = None) -> bool | Answer | None:
        """A true-or-false property at a path."""
        return truth(self.at(*path), default)

    def number(self, name: str, default: float | Answer | None = None) -> float | Answer | None:
        """A number; digits in a text count."""
        return numeric(self.get(name), default)

    def number_at(self, *path: str, default: float | Answer | None = None) -> float | Answer | None:
        """A number at a path."""
        return numeric(self.at(*path), default)

    def text(self, name: str, default: str | Answer | None = None) -> str | Answer | None:
        """A text; the empty text counts as absent, as the providers treat it."""
        return textual(self.get(name), default)

    def text_at(self, *path: str, default: str | Answer | None = None) -> str | Answer | None:
        """A text at a path."""
        return textual(self.at(*path), default)

    def blocks(self, name: str) -> list[Props] | Answer:
        """A list of blocks; one block alone counts as a list of one, nothing as none."""
        value = self.get(name)
        if value is None:
            return []
        if value.__class__ is dict:
            return [Props(value)]
        if value.__class__ is not list:
            return UNKNOWN
        found: list[Props] = []
        for item in value:
            inner = plain(item)
            if inner.__class__ is not dict:
                return UNKNOWN
            found.append(Props(inner))
        return found

    def texts(self, name: str) -> tuple[str, ...] | Answer:
        """A list of texts; one text alone counts as a list of one, nothing as none."""
        return strings(self.get(name))

    def named(self, name: str) -> tuple[str, ...]:
        """The texts of a list that are known so far: what a resource points at."""
        found = self.texts(name)
        return () if found is UNKNOWN else known(*found)

    def texts_at(self, *path: str) -> tuple[str, ...] | Answer:
        """A list of texts at a path (the list is the last step)."""
        if len(path) == 1:
            return self.texts(path[0])
        inner = self.block(*path[:-1])
        return () if inner is None else UNKNOWN if inner is UNKNOWN else inner.texts(path[-1])

    def first(self, *names: str) -> Any:
        """The first of some properties that is given; UNKNOWN where one that may be it is not known yet."""
        for name in names:
            value = self.get(name)
            if value is UNKNOWN or (value is not None and value not in ("", [], {})):
                return value
        return None

    def has(self, name: str) -> bool | Answer:
        """Whether a property is given and is not empty."""
        value = self.get(name)
        if value is UNKNOWN:
            return UNKNOWN
        return value is not None and value != "" and value != [] and value != {}

    def document(self, name: str) -> Props | Answer | None:
        """A property that holds a JSON document, as text or as an object."""
        value = self.get(name)
        if value is None or value is UNKNOWN or value == "":
            return None if value == "" else value
        if value.__class__ is str:
            try:
                value = json.loads(value)
            except ValueError:
                return UNKNOWN
        return Props(value) if value.__class__ is dict else UNKNOWN


def truth(value: Any, default: bool | Answer | None) -> bool | Answer | None:
    """`value` as true or false; `default` when it is None."""
    if value is None:
        return default
    if value.__class__ is bool:
        return value
    if isinstance(value, str):
        low = value.lower()
        if low in ("true", "enabled", "enable", "on", "yes", "1", "active"):
            return True
        if low in ("false", "disabled", "disable", "off", "no", "0", "suspended", "none", "inactive", ""):
            return False
    return UNKNOWN


def numeric(value: Any, default: float | Answer | None) -> float | Answer | None:
    """`value` as a number; `default` when it is None or empty."""
    if value is None or value == "":
        return default
    if value.__class__ in (int, float):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return UNKNOWN
    return UNKNOWN


def textual(value: Any, default: str | Answer | None) -> str | Answer | None:
    """`value` as a text; `default` when it is None or empty."""
    if value is None or value == "":
        return default
    if isinstance(value, str):
        return value
    return str(value) if value.__class__ in (int, float, bool) else UNKNOWN


def strings(value: Any) -> tuple[str, ...] | Answer:
    """`value` as texts."""
    if value is None:
        return ()
    if value.__class__ is str:
        return (value,)
    if value.__class__ is not list:
        return UNKNOWN
    found: list[str] = []
    for item in value:
        inner = plain(item)
        if inner.__class__ is not str:
            return UNKNOWN
        found.append(inner)
    return tuple(found)


def opposite(value: bool | Answer | None) -> bool | Answer | None:
    """Not `value`."""
    return value if value is None or value is UNKNOWN else not value


def either(*values: bool | Answer | None) -> bool | Answer | None:
    """True if one is, else UNKNOWN if one is, else False if one is, else None."""
    if any(v is True for v in values):
        return True
    if any(v is UNKNOWN for v in values):
        return UNKNOWN
    return False if any(v is False for v in values) else None


def every(*values: bool | Answer | None) -> bool | Answer | None:
    """False if one is, else UNKNOWN if one is, else True if one is, else None."""
    if any(v is False for v in values):
        return False
    if any(v is UNKNOWN for v in values):
        return UNKNOWN
    return True if any(v is True for v in values) else None


def matched(pattern: str | re.Pattern[str], value: Any) -> re.Match[str] | Answer | None:
    """Where `pattern` stands in a text: None when nowhere or when there is no text, UNKNOWN for UNKNOWN."""
    if value is UNKNOWN:
        return UNKNOWN
    return re.search(pattern, "" if value is None else str(value))


def known(*values: Any) -> tuple[str, ...]:
    """The texts among `values`: handles by which a resource may be pointed at."""
    return tuple(v for v in values if v.__class__ is str and v)
