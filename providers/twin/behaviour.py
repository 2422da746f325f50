"""How a cloud behaves, as data: one record a resource type, and the errors it answers with.

A record says what the cloud decides (ids, computed properties), what it refuses (dangling references, names
taken, overlapping ranges, quotas, deletion of what is in use) and what it cannot change in place. Hooks are
plain functions over a `Scope`, for the few things that data cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from providers.twin.store import BELONGS, HOLDS, MENTIONS
from providers.wire import Value

if TYPE_CHECKING:
    from providers.twin.scope import Scope

Maker = str | Callable[["Scope"], Value]
"""How a value is made: a template such as `vpc-{hex17}` (see `Scope.fill`), or a function."""
Hook = Callable[["Scope"], None]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """The cloud says no: its own error code, its own words, and the HTTP status it comes with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """An error the cloud answers with; `message` is a template over the scope, `{value}` and `{id}`."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Ref:
    """A property that names other resources (`path` as in `wire.pick`) and what that means for them."""

    path: str
    kinds: tuple[str, ...]
    mode: int = HOLDS
    anywhere: bool = False
    """Whether the target may be in another region of the unit."""
    missing: Answer | None = None
    """The answer to a dangling reference; by default that of the first kind."""
    form: str = ""
    """How the target's id or handle is made where the property is only a part of it: a template over the
    scope and `{value}`. "" where the property is all of it."""


@dataclass(frozen=True, slots=True)
class Unique:
    """A name that only one resource may have. `scope` and `value` are templates; an empty value claims
    nothing.
    """

    scope: str
    value: str
    answer: Answer
    theirs: Answer | None = None
    """The answer when another unit has the name, where that differs (S3 bucket names)."""
    lingers: Answer | None = None
    """The answer while a deleted one still keeps the name (secrets waiting for deletion)."""
    across: bool = False
    """Whether the scope spans all units of the cloud."""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` resources of the type in a region."""

    limit: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses deletion while the property at `path` has one of `values`."""

    path: str
    answer: Answer
    values: tuple[Value, ...] = (True,)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The behaviour of one resource type."""

    id: Maker = "{name}"
    arn: Maker = ""
    """Its ARN; "" where the type reports none. A template with {id} is filled once the id is known."""
    service: str = ""
    api: str = ""
    """The API operation its inputs go to (`ec2:CreateVpc`): names errors and supplies limits."""
    everywhere: bool = False
    """Whether the service is global: one namespace a unit, no region."""
    autoname: str = "name"
    """The property that gets a made-up name where the program gives none; "" when there is none."""
    computed: Mapping[str, Maker] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """What the cloud takes where the program is silent."""
    fresh: frozenset[str] = frozenset()
    """Computed properties that every update makes anew."""
    fixed: frozenset[str] = frozenset()
    """Properties that cannot change in place: a change replaces the resource."""
    grows: frozenset[str] = frozenset()
    """Ranges that change in place only by growing: what does not contain the old range replaces."""
    delete_first: bool = False
    refs: tuple[Ref, ...] = ()
    unique: tuple[Unique, ...] = ()
    handles: tuple[str, ...] = ()
    """Templates of other values by which references find it, beside id and arn."""
    missing: Answer = Answer("ResourceNotFoundException", "The resource {value} could not be found", 404)
    exists: Answer = Answer("ResourceAlreadyExistsException", "{value} already exists", 409)
    in_use: Answer | None = None
    """The answer to deleting it while something holds it; None when the cloud does not mind."""
    put: bool = False
    """Whether creating it over an existing one just overwrites, as Put… operations do."""
    quota: Quota | None = None
    guards: tuple[Guard, ...] = ()
    rules: tuple[Hook, ...] = ()
    """Checks before creation and update; they raise Refusal."""
    made: tuple[Hook, ...] = ()
    """What else the cloud does after creation."""
    changed: tuple[Hook, ...] = ()
    """What else the cloud does after an update."""
    gone: tuple[Hook, ...] = ()
    """Checks and effects at deletion, before the resource goes."""
    outside: str = ""
    """The form (a regular expression) of ids that others deliver into a unit: circuits, shared gateways. A
    well-formed one that the twin has not seen is taken as delivered, and the twin says so."""
    arrival: Mapping[str, Maker] = field(default_factory=dict)
    """The state of one that others have delivered."""
    reading: tuple[Hook, ...] = ()
    """What reading computes at that moment (a circuit's state); may change `scope.state`."""


GENERIC = Behaviour(id="{generic}", autoname="name")
"""The behaviour of a type nobody has written down: echo and plausible values, and the twin says so."""


_HOLE = re.compile(r"\{([^{}]+)\}")


@lru_cache(maxsize=4096)
def holes(template: str) -> tuple[str, ...]:
    """The literal and variable parts of a template, alternating, literal first."""
    return tuple(_HOLE.split(template))


def literal(value: Value) -> Maker:
    """A maker of `value` as it stands, braces and all."""
    return lambda _: value


def mentions(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """A reference that must exist but does not keep its target from going."""
    return Ref(path, kinds, MENTIONS, anywhere, missing)


def holds(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """A reference that keeps its target from going."""
    return Ref(path, kinds, HOLDS, anywhere, missing)


def belongs(path: str, *kinds: str, anywhere: bool = False, missing: Answer | None = None) -> Ref:
    """A reference to what this is a part of: it goes when its target goes."""
    return Ref(path, kinds, BELONGS, anywhere, missing)
