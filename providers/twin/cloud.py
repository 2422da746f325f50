"""What makes one cloud: its SDK, its tables, its words. The rest of the twin is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from providers.twin.behaviour import Answer, Behaviour, Refusal
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.wire import Value


@dataclass(frozen=True, slots=True)
class Call:
    """A function call (a Pulumi invoke) in progress."""

    store: Store
    session: Session
    region: str
    arguments: Mapping[str, Value]


Function = Callable[[Call], dict[str, Value]]
"""Answers an invoke; raises Refusal as the cloud would."""


def arn_of_another(value: str, unit: str) -> bool:
    """Whether `value` is an ARN in another account."""
    parts = value.split(":")
    return len(parts) > 5 and parts[0] == "arn" and parts[4] not in ("", unit)


class Admit(Protocol):
    """Raises Refusal when the unit's organisation policy forbids the region or the operation."""

    def __call__(self, session: Session, region: str, operation: str, /) -> None:
        """`operation` is `service:Operation`, or just the service."""
        ...


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud as the twin plays it."""

    name: str
    """The Pulumi package's name: `aws`."""
    package: str
    """The SDK's Python package: `pulumi_aws`."""
    behaviour: Callable[[str], Behaviour | None]
    """The record of a resource token, None when there is none."""
    functions: Callable[[str], Function | None]
    """The answer to a function token, None when the twin does not model it."""
    session: Callable[[Mapping[str, Value]], Session]
    """The session for a provider's configuration; raises Refusal when it makes no sense."""
    seed: Callable[[Store, Session], None]
    """Puts into a unit what is there when it is handed over."""
    admit: Admit
    say: Callable[[Refusal, str, str, str, Behaviour], str]
    """The text of a refusal: (refusal, verb, type, program's name, behaviour)."""
    home: Callable[[Session, Behaviour, Mapping[str, Value]], str]
    """The region a resource lives in: (session, behaviour, inputs)."""
    zone_lost: Answer
    """What the cloud answers to a request for capacity in a zone that is out of order."""
    region_lost: Answer
    """What its client library says when a region does not answer."""
    zone: str = "availabilityZone"
    """The property that names a resource's zone."""
    tags: tuple[str, str] = ("tags", "tagsAll")
    """The property of a resource's own tags and of those with the provider's merged in."""
    foreign: Callable[[str, str], bool] = arn_of_another
    """Whether an id names something of another owner than the unit: (id, unit)."""
    report: Callable[[dict[str, Value]], None] = lambda _: None
    """Gives the state the shape in which the cloud reports what it was given, where that differs."""
    whole_ids: bool = False
    """Whether an id by itself says where a thing is: then no region need be known to find it."""
    limits: Callable[[str], Mapping[str, list[Any]]] | None = None
    """What the published models say of a resource's properties, by path, in `api.Limit.form`'s order; None
    where they are read from botocore."""
    region: str = "region"
    """The property that a resource's region is reported in."""
