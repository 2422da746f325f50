"""What Microsoft's published models accept: property names and words, from `models.json` (see `derive`).

The models are newer than the API versions that azure-native 3.29 speaks, so they know properties that it
does not; the SDK's own types refuse those. `EXTRA` is what the SDK has and the models have not,
`RENAMED` what the SDK calls otherwise.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from providers.wire import UNKNOWN, Value

FILE = Path(__file__).with_name("models.json")

EXTRA: frozenset[str] = frozenset({"targetPortHttpScheme"})
"""Names of the pinned SDK's preview versions that the published models lack."""

RENAMED: Mapping[str, str] = {
    "networkRuleSet": "networkAcls",
    "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
    "encryptionIdentity": "identity",
    "encryptionUserAssignedIdentity": "userAssignedIdentity",
    "odataType": "odata.type",
}
"""Names of the SDK, and what the REST API calls them (storage accounts; alert criteria)."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One property that the model does not take: where, what was found, what would do (maybe nothing)."""

    path: str
    found: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        words = ", ".join(self.allowed[:12]) or "nothing: there is no such property"
        return f"{self.path}: {self.found} (allowed: {words})"


@lru_cache(maxsize=1)
def _models() -> Mapping[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _published() -> Published:
    return Published(_models()["classes"])


def modelled(token: str) -> bool:
    """Whether there is a published model of the type."""
    return token in _models()["types"]


def wrong(token: str, inputs: Mapping[str, Value], path_names: frozenset[str]) -> list[Wrong]:
    """Everything in `inputs` that the published model of `token` does not take.

    `path_names` are the inputs that are steps of the resource's path, which no body has.
    """
    root = _models()["types"].get(token)
    if root is None:
        return []
    body = {k: v for k, v in inputs.items() if k not in path_names and not k.startswith("__")}
    return list(_published().wrong(root, body))


class Published:
    """Published models by class name (`derive` gives them), and what a body has that they do not take."""

    def __init__(self, classes: Mapping[str, Any]) -> None:
        self._classes = classes
        self._names: dict[str, Mapping[str, str]] = {}

    def _folded(self, name: str) -> Mapping[str, str]:
        """Azure does not tell upper from lower case in names."""
        if name not in self._names:
            self._names[name] = {key.lower(): key for key in self._classes[name]}
        return self._names[name]

    def wrong(self, name: str, value: Mapping[str, Value], at: str = "") -> Iterator[Wrong]:
        """Everything in a body of class `name` that it does not take."""
        members, folded = self._classes[name], self._folded(name)
        for key, item in value.items():
            here = f"{at}.{key}" if at else key
            wire = folded.get(RENAMED.get(key, key).lower())
            if wire is None:
                # Some types keep the `properties` that most have folded away.
                if key == "properties" and isinstance(item, dict):
                    yield from self.wrong(name, item, here)
                elif key not in EXTRA:
                    near = difflib.get_close_matches(key, members, n=1)
                    yield Wrong(here, f"unknown property{f', did you mean {near[0]}' if near else ''}", ())
            elif members[wire] == 0:
                if key not in ("id", "name", "type"):
                    yield Wrong(here, "read-only property", ())
            else:
                yield from self._value(members[wire], item, here)

    def _value(self, form: Any, value: Value, at: str) -> Iterator[Wrong]:
        if value is None or value is UNKNOWN or form == 1:
            return
        if isinstance(form, str) and isinstance(value, dict):
            yield from self.wrong(form, value, at)
        elif isinstance(form, list) and form[0] == "[]" and isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._value(form[1], item, f"{at}[{number}]")
        elif isinstance(form, list) and form[0] == "{}" and isinstance(value, dict):
            for key, item in value.items():
                yield from self._value(form[1], item, f"{at}.{key}")
        elif isinstance(form, dict) and isinstance(value, str):
            known = {word.lower() for word in form["="]}
            if value.lower() not in known:
                yield Wrong(at, repr(value), tuple(form["="]))
