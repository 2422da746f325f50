"""What the fleet's parts tell one another: stacks, results, runs. Frozen facts, no I/O.

`record` and `taken` turn any of them into plain JSON values and back: that is what goes into the
run database and into a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NewType, Protocol, TypeVar

from stacks.text import Text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

RunId = NewType("RunId", str)
"""A run of the fleet, `<UTC time>-<operation>-<four hex digits>`: sorts by time."""

Operation = Literal["preview", "up", "refresh", "drift", "destroy", "check"]
Target = Literal["twin", "cloud"]
Environment = Literal["production", "verification"]

Outcome = Literal["changed", "unchanged", "skipped", "failed", "cancelled", "running", "waiting"]
"""How a stack fared. `changed`: something differs (preview, drift) or was changed (up, refresh,
destroy). `skipped`: nothing that could change its result has changed since the last one. `cancelled`:
stopped half way by a person or by the failure budget. `running` and `waiting` end with the run."""

ENDED: frozenset[Outcome] = frozenset({"changed", "unchanged", "skipped"})
"""Outcomes that `resume` does not run again."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StackRef:
    """A stack of the fleet and what it is selected by.

    `clouds` and `units` are in the manifest's order and of equal length; `packages` are catalogue ids,
    each once; `members` the bodies of a shared tenant, else its own body alone. `path` is the stack
    file (absolute).
    """

    code: str
    stack: str
    name: str
    prefecture: str
    kind: str
    environment: Environment
    clouds: tuple[str, ...]
    units: tuple[str, ...]
    packages: tuple[str, ...]
    members: tuple[str, ...]
    path: Path

    @property
    def accounts(self) -> tuple[str, ...]:
        """`cloud:unit` of each unit: what a limit per account counts by."""
        return tuple(f"{c}:{u}" for c, u in zip(self.clouds, self.units, strict=True))


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One difference of a stack, without anything that is this stack's own: see `scripts.fleet.groups`.

    `op` is the engine's (create, update, replace, delete, …); `property` is empty where a resource
    as a whole comes or goes. `old` and `new` are JSON text, secrets masked.
    """

    op: str
    type: str
    name: str
    property: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many resources of a type an operation touched."""

    type: str
    op: str
    number: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a stack failed: `scripts.engine.failures.Failure`, with the resource in words."""

    cause: str
    what: Text
    why: str
    do: Text
    place: str = ""


@dataclass(frozen=True, slots=True)
class StackResult:
    """What one operation on one stack came to.

    `started` is UTC, None before it began; `seconds` is wall time, all attempts together. `digest`
    names the diff (`RunSummary.diffs`), empty where there is none. `command` repeats exactly this.
    """

    stack: str
    operation: Operation
    outcome: Outcome
    started: datetime | None = None
    seconds: float = 0.0
    attempts: int = 0
    changes: tuple[Count, ...] = ()
    digest: str = ""
    causes: tuple[Cause, ...] = ()
    command: str = ""
    skipped: Text | None = None
    wave: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a whole, under way or over. `results` has one entry for each stack of `stacks`."""

    run: RunId
    operation: Operation
    target: Target
    selection: str
    started: datetime
    ended: datetime | None
    stacks: tuple[StackRef, ...]
    results: tuple[StackResult, ...]
    diffs: Mapping[str, tuple[DiffLine, ...]] = field(default_factory=dict)
    stopped: Text | None = None
    """Why no new work is begun: the failure budget, a gate, a person. None where it went through."""


@dataclass(frozen=True, slots=True)
class RunHead:
    """What a list of runs says of one."""

    run: RunId
    operation: Operation
    target: Target
    started: datetime
    ended: datetime | None
    counts: Mapping[Outcome, int]


class Runs(Protocol):
    """The run database, as those see it who only read."""

    def heads(self) -> Sequence[RunHead]:
        """All runs, the newest first."""
        ...

    def summary(self, run: RunId) -> RunSummary:
        """One run. Raises KeyError where there is none of that name."""
        ...


def record(value: object) -> Any:
    """A dataclass of this module as JSON values."""
    return adapted(type(value)).dump_python(value, mode="json")


def taken(kind: type[T], value: object) -> T:
    """The `kind` that `record` made `value` of. Raises ValueError when it is not one."""
    return adapted(kind).validate_python(value)


@cache
def adapted(kind: type[T]) -> TypeAdapter[T]:
    """What `record` and `taken` know of a dataclass: worked out once a process, in some milliseconds."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
