"""Faults on request: throttling, transient errors, slow and stuck operations, a zone, region or circuit lost.

A fault is a record in the store, so it can be put in force and taken away while the twin runs. Which calls it
hits is decided by its own counter and seed: the same calls in the same order meet the same faults.
"""

from __future__ import annotations

import fnmatch
import json
import random
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from providers.twin.store import Store
from stacks.text import Text

Kind = Literal["throttle", "transient", "slow", "stuck", "lost-reply", "zone", "region", "circuit"]
"""throttle: the API rate is exceeded; transient: a 5xx; slow: it takes `seconds` longer; stuck: it never ends
until cancelled; lost-reply: done, but the answer never arrives; zone, region, circuit: `where` is gone."""

OPERATIONS = ("create", "read", "update", "delete", "invoke")
_PLACES = {"zone", "region", "circuit"}
# The AWS provider retries throttled calls with exponential waits from about 1 s; five of them are modelled.
_RETRY_SECONDS = (1, 2, 4, 8, 16)


class FaultError(ValueError):
    """A fault description that makes no sense; `text` says why in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in force. Globs match a whole value; empty ones match everything."""

    name: str
    kind: Kind
    type: str = ""
    """Glob over the resource or function token."""
    urn: str = ""
    """Glob over the URN."""
    cloud: str = ""
    operations: tuple[str, ...] = OPERATIONS
    probability: float = 1.0
    calls: tuple[int, ...] = ()
    """The numbers, from 1, of the matching calls that it hits; all when empty."""
    times: int = 0
    """How many matching calls it may hit, counted from the first; no end when 0."""
    seconds: float = 30.0
    """How much longer a slow operation takes, before scaling."""
    scale: float = 0.01
    """Simulated seconds to real ones: drills should not take as long as outages."""
    surfaced: bool = False
    """Whether throttling outlasts the provider's own retries and reaches the user."""
    where: str = ""
    """The zone (ap-northeast-1a), region, or circuit (a connection's id) that is lost."""
    seed: int = 0

    def hits(self, number: int) -> bool:
        """Whether this fault hits its `number`-th matching call (from 1)."""
        if self.calls and number not in self.calls:
            return False
        if self.times and number > self.times:
            return False
        dice = random.Random(f"{self.seed}/{self.name}/{number}")  # noqa: S311 - repeatable, not secret
        return self.probability >= 1 or dice.random() < self.probability

    def matches(self, cloud: str, operation: str, type_: str, urn: str) -> bool:
        """Whether a call is one this fault is about."""
        return (
            operation in self.operations
            and self.cloud in ("", cloud)
            and (not self.type or fnmatch.fnmatchcase(type_, self.type))
            and (not self.urn or fnmatch.fnmatchcase(urn, self.urn))
        )

    def retry_seconds(self) -> float:
        """How long a provider waits in all while it retries a throttled call, in real seconds."""
        return sum(_RETRY_SECONDS) * self.scale


def parse(name: str, body: dict[str, Any]) -> Fault:
    """A fault from its description; FaultError naming what is wrong with it."""
    known = {item.name for item in fields(Fault)} - {"name"}
    unknown = sorted(set(body) - known)
    if unknown:
        raise FaultError(
            Text(
                ja=f"障害 {name} に不明な項目があります: {', '.join(unknown)}"
                f"（使える項目: {', '.join(sorted(known))}）",
                en=f"fault {name} has unknown fields: {', '.join(unknown)}; allowed:"
                f" {', '.join(sorted(known))}",
            )
        )
    kind = body.get("kind")
    if kind not in get_args(Kind):
        raise FaultError(
            Text(
                ja=f"障害 {name} の種類 {kind!r} は使えません（使える種類: {', '.join(get_args(Kind))}）",
                en=f"fault {name} cannot be of kind {kind!r}; allowed: {', '.join(get_args(Kind))}",
            )
        )
    values = dict(body)
    for key in ("operations", "calls"):
        if key in values:
            values[key] = tuple(values[key])
    bad = [operation for operation in values.get("operations", ()) if operation not in OPERATIONS]
    if bad:
        raise FaultError(
            Text(
                ja=f"障害 {name} の操作 {', '.join(bad)} は使えません（使える操作: {', '.join(OPERATIONS)}）",
                en=f"fault {name} cannot act on {', '.join(bad)}; allowed: {', '.join(OPERATIONS)}",
            )
        )
    fault = Fault(name=name, **values)
    if fault.kind in _PLACES and not fault.where:
        raise FaultError(
            Text(
                ja=f"障害 {name} には where（失われるゾーン・リージョン・回線）が必要です",
                en=f"fault {name} needs `where`: the zone, region or circuit that is lost",
            )
        )
    if not 0 <= fault.probability <= 1:
        raise FaultError(
            Text(
                ja=f"障害 {name} の probability は 0 から 1 の間で指定してください",
                en=f"the probability of fault {name} must be between 0 and 1",
            )
        )
    return fault


def put(store: Store, fault: Fault) -> None:
    """Puts a fault in force, replacing one of the same name."""
    body = {key: value for key, value in asdict(fault).items() if key != "name"}
    store.set_fault(fault.name, json.dumps(body))


class Faults:
    """The faults in force, read again only when the store has been changed by another process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._generation = -1
        self._all: list[Fault] = []

    def current(self) -> list[Fault]:
        """All faults in force."""
        generation = self._store.generation()
        if generation != self._generation:
            self._all = [parse(name, json.loads(body)) for name, body, _ in self._store.faults()]
            self._generation = generation
        return self._all

    def refresh(self) -> None:
        """Forgets what was read: for changes made through the same connection."""
        self._generation = -1

    def hit(self, cloud: str, operation: str, type_: str, urn: str) -> Fault | None:
        """The first fault that hits this call; counts the call for every fault that matches it."""
        found: Fault | None = None
        for fault in self.current():
            if fault.kind in _PLACES or not fault.matches(cloud, operation, type_, urn):
                continue
            if fault.hits(self._store.count_fault(fault.name)) and found is None:
                found = fault
        return found

    def lost(self, kind: str) -> set[str]:
        """The zones, regions or circuits that are lost at the moment."""
        return {fault.where for fault in self.current() if fault.kind == kind}


def load(path: Path) -> list[Fault]:
    """The faults of a JSON or YAML file, `{name: {kind: …}, …}`; FaultError when it holds anything else."""
    import yaml

    try:
        body: Any = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FaultError(
            Text(
                ja=f"障害ファイル {path} を読めません: {error}",
                en=f"the fault file {path} cannot be read: {error}",
            )
        ) from error
    if not isinstance(body, dict) or not all(isinstance(item, dict) for item in body.values()):
        raise FaultError(
            Text(
                ja=f"障害ファイル {path} は「名前: {{kind: …}}」の形で書いてください",
                en=f"the fault file {path} must map names to faults: `name: {{kind: …}}`",
            )
        )
    return [parse(str(name), item) for name, item in body.items()]
