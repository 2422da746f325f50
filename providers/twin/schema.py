"""The catalogue of a cloud: every resource's and function's names, types and limits, ready to check against.

Built from the installed SDK (`sdk.py`) and, where a behaviour names an API operation, from the API's
published model (`api.py`). Results are kept in one small file a version, so that a second start parses
nothing.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.twin.api import Limit, Operation, stamp
from providers.twin.sdk import FunctionForm, PropertyForm, ResourceForm, Sdk, SdkError, TypeForm

_FORMAT = 5
"""Raised whenever the stored form changes, so that an old cache is never misread."""


@dataclass(slots=True)
class Type:
    """A property's type. `kind` is str int num bool any asset list map obj enum or one."""

    kind: str
    item: Type | None = None
    members: Mapping[str, Property] = field(default_factory=dict)
    choices: tuple[Type, ...] = ()
    limit: Limit | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a resource, a function or a nested object."""

    type: Type
    required: bool = False
    always: bool = False
    default: Any = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """Inputs and outputs of one resource or function, by wire name."""

    token: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    secret_outputs: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    """Outputs that the cloud decides where the program is silent: known only after creation."""


def cache_folder() -> Path:
    """Where derived data may be kept: `${XDG_CACHE_HOME:-~/.cache}/jichitai`, else `.jichitai` here."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "jichitai"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(".jichitai").resolve()
        folder.mkdir(exist_ok=True)
    return folder


class Catalogue:
    """Schemas of one cloud, built when first asked for.

    `operation` names the API operation a resource's inputs go to, or "" when none is declared.
    """

    def __init__(
        self,
        package: str,
        operation: Callable[[str], str] = lambda _: "",
        folder: Path | None = None,
        limits: Callable[[str], Mapping[str, list[Any]]] | None = None,
    ) -> None:
        self._sdk = Sdk(package)
        self._operation = operation
        self._given = limits
        self._cache = _Cache((folder or cache_folder()) / f"{package}-{self.version}.schema")
        self._schemas: dict[str, Schema] = {}
        self._objects: dict[str, dict[str, Property]] = {}

    @property
    def version(self) -> str:
        """The version of the installed SDK."""
        return self._sdk.version

    def knows(self, token: str) -> bool:
        """Whether the SDK has a resource `token`."""
        return token in self._sdk.tokens()

    def tokens(self) -> Mapping[str, tuple[str, str]]:
        """All resource tokens of the SDK."""
        return self._sdk.tokens()

    def resource(self, token: str) -> Schema:
        """The schema of the resource `token`; SdkError when the SDK has none."""
        return self._get("r", token, lambda: self._sdk.resource(token))

    def function(self, token: str) -> Schema:
        """The schema of the function `token`; SdkError when the SDK has none."""
        return self._get("f", token, lambda: self._sdk.function(token))

    def _get(self, kind: str, token: str, build: Callable[[], ResourceForm | FunctionForm]) -> Schema:
        schema = self._schemas.get(token)
        if schema is not None:
            return schema
        operation = self._operation(token) if kind == "r" else ""
        key = f"{kind}:{token}:{operation}"
        stored = self._cache.get(key)
        if stored is None:
            form = build()
            stored = [_store(form.inputs), _store(form.outputs)]
            self._cache.put(key, stored)
        inputs = self._properties(stored[0])
        if kind == "r" and self._given is not None:
            self._place_all(inputs, self._given(token))
        elif operation:
            self._limit(token, operation, inputs)
        outputs = self._properties(stored[1])
        schema = Schema(
            token,
            inputs,
            outputs,
            tuple(name for name, found in inputs.items() if found.required),
            {name: found.default for name, found in inputs.items() if found.default is not None},
            frozenset(name for name, found in outputs.items() if found.secret),
            # A secret that the program may give is the program's: no cloud makes it up or tells it back.
            frozenset(
                name
                for name, found in outputs.items()
                if name not in inputs or (found.always and not found.secret)
            ),
        )
        self._schemas[token] = schema
        return schema

    def _properties(self, stored: Mapping[str, Any]) -> dict[str, Property]:
        return {
            name: Property(self._type(body[0]), bool(body[1]), bool(body[2]), body[3], bool(body[4]))
            for name, body in stored.items()
        }

    def _type(self, form: TypeForm) -> Type:
        if isinstance(form, str):
            return Type(form)
        kind, inner = form
        if kind in {"list", "map"}:
            return Type(kind, item=self._type(inner))
        if kind == "enum":
            return Type("enum", limit=Limit(values=tuple(str(value) for value in inner)))
        if kind == "one":
            return Type("one", choices=tuple(self._type(choice) for choice in inner))
        return Type("obj", members=self._object(inner))

    def _object(self, name: str) -> Mapping[str, Property]:
        members = self._objects.get(name)
        if members is None:
            # Registered before it is filled: object types may contain themselves.
            members = self._objects[name] = {}
            stored = self._cache.get(f"o:{name}")
            if stored is None:
                stored = _store(self._sdk.object(name) or {})
                self._cache.put(f"o:{name}", stored)
            members.update(self._properties(stored))
        return members

    def _limit(self, token: str, operation: str, inputs: Mapping[str, Property]) -> None:
        """Writes the API's limits into the types of `inputs`; they are this resource's own at the top
        level.
        """
        key = f"l:{token}:{operation}:{stamp(operation.split(':')[0])}"
        limits = self._cache.get(key)
        if limits is None:
            try:
                model = Operation(operation)
            except LookupError:
                limits = {}
            else:
                limits = {}
                for name, found in inputs.items():
                    shape = model.member(model.root, name)
                    if shape is not None:
                        _collect(model, shape, found.type, name, limits, 0)
            self._cache.put(key, limits)
        self._place_all(inputs, limits)

    @staticmethod
    def _place_all(inputs: Mapping[str, Property], limits: Mapping[str, list[Any]]) -> None:
        for path, form in limits.items():
            _place(inputs, path, Limit(tuple(form[0]), form[1], form[2], form[3]))


def _collect(
    model: Operation, shape: str, type_: Type, path: str, limits: dict[str, list[Any]], depth: int
) -> None:
    if depth > 5:
        return
    if type_.kind == "list":
        inner = model.inside(shape)
        if inner is not None and type_.item is not None:
            _collect(model, inner, type_.item, f"{path}[]", limits, depth + 1)
    elif type_.kind == "obj":
        for name, member in type_.members.items():
            target = model.member(shape, name)
            if target is not None:
                _collect(model, target, member.type, f"{path}.{name}", limits, depth + 1)
    elif type_.kind in {"str", "int", "num"}:
        limit = model.limit(shape)
        if limit is not None:
            limits[path] = limit.form()


def _place(inputs: Mapping[str, Property], path: str, limit: Limit) -> None:
    members: Mapping[str, Property] = inputs
    type_: Type | None = None
    for step in path.split("."):
        found = members.get(step.rstrip("[]"))
        if found is None:
            return
        type_ = found.type
        for _ in range(step.count("[]")):
            type_ = type_.item if type_ is not None else None
        if type_ is None:
            return
        members = type_.members
    if type_ is not None:
        type_.limit = limit
        type_.pattern = re.compile(limit.pattern) if limit.pattern else None


def _store(properties: Mapping[str, PropertyForm]) -> dict[str, list[Any]]:
    return {
        name: [found.type, int(found.required), int(found.always), found.default, int(found.secret)]
        for name, found in properties.items()
    }


class _Cache:
    """A small key-value file. Losing it costs time, never correctness: every error means "not there"."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=2)
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.execute("CREATE TABLE IF NOT EXISTS form(key TEXT PRIMARY KEY, body TEXT)")
        except sqlite3.Error:
            self._connection = None

    def get(self, key: str) -> Any:
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                "SELECT body FROM form WHERE key=?", (f"{_FORMAT}:{key}",)
            ).fetchone()
        except sqlite3.Error:
            return None
        return json.loads(row[0]) if row else None

    def put(self, key: str, value: Any) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO form VALUES(?, ?)", (f"{_FORMAT}:{key}", json.dumps(value))
            )
        except sqlite3.Error:
            # A full disk or a lock held too long: go on without the cache.
            self._connection = None


__all__ = ["Catalogue", "Property", "Schema", "SdkError", "Type", "cache_folder"]
