"""How a run rolls out: waves, limits, patience. Kept with the run, so that whoever takes it over knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `number` stacks begin on a cloud within `seconds`."""

    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about a run.

    `budget` is how many stacks may fail before no new work begins (None: any number); `tolerance` the
    share of a wave that may fail at its gate. `seconds` is the time limit of a stack. `clouds` and
    `account` limit how many stacks are worked on at once, `rates` how many begin.
    """

    approve: bool = False
    budget: int | None = None
    tolerance: float = 0.0
    retries: int = 3
    backoff: float = 2.0
    seconds: float = 3600.0
    clouds: Mapping[str, int] = field(default_factory=dict[str, int])
    account: int | None = None
    rates: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    policies: bool = True
    skip: bool = True
