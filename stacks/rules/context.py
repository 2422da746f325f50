"""What a rule sees, and when it may speak."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from stacks.manifest import CloudUnit, Tenant
from stacks.problems import Problem
from stacks.registry import Registry
from stacks.registry.clouds import CLOUDS, CloudName, Region


@dataclass(frozen=True, slots=True)
class Context:
    """A manifest under judgement.

    `broken` names the top-level fields in which something is structurally wrong; what is left of
    them is in `tenant`. `today` is the date in Japan.
    """

    tenant: Tenant
    registry: Registry
    today: date
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the top-level fields that must be whole before it can be right about them."""

    judge: Callable[[Context], Iterator[Problem]]
    needs: frozenset[str]


def rule(*needs: str) -> Callable[[Callable[[Context], Iterator[Problem]]], Rule]:
    """Makes a function a rule that needs these top-level fields whole.

    A rule that looks at each entry of a map by itself does not need the map whole.
    """
    return lambda function: Rule(function, frozenset(needs))


def judge(rules: Iterable[Rule], context: Context) -> list[Problem]:
    """What the rules say; those that need a broken field are silent."""
    return [p for r in rules if not r.needs & context.broken for p in r.judge(context)]


def region_of(cloud: CloudName, unit: CloudUnit) -> Region | None:
    """The region that a unit uses, or None where it names one that is not domestic."""
    regions = CLOUDS[cloud].regions
    return regions.get(unit.region) if unit.region else next(iter(regions.values()))
