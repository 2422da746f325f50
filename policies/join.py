"""A stack's facts put together: settings that are resources of their own join what they belong to.

A bucket's encryption may be written inside the bucket or beside it; a rule sees one bucket.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from policies.facts import UNKNOWN, Facts, Kind, field_names
from policies.model import Resource

ASPECTS = (
    "location",
    "exposure",
    "encryption",
    "keycare",
    "access",
    "credential",
    "logging",
    "retention",
    "backup",
    "protection",
    "availability",
    "patching",
    "compute",
    "line",
)


def _value(mine: Any, other: Any) -> Any:
    """Two answers to one question: True wins, then UNKNOWN, then False.

    Of numbers the part's own is taken, of texts the whole's.
    """
    if other is None:
        return mine
    if mine is None:
        return other
    if isinstance(mine, bool) or isinstance(other, bool):
        if mine is True or other is True:
            return True
        return UNKNOWN if mine is UNKNOWN or other is UNKNOWN else other
    if isinstance(mine, tuple) and isinstance(other, tuple):
        return (*mine, *other)
    return mine if isinstance(mine, str) else other


def merge(whole: Facts, part: Facts) -> Facts:
    """`whole` with what `part` says about it."""
    changes: dict[str, Any] = {}
    for name in ASPECTS:
        other = getattr(part, name)
        if other is None:
            continue
        mine = getattr(whole, name)
        if mine is None:
            changes[name] = other
            continue
        changes[name] = type(mine)(
            **{n: _value(getattr(mine, n), getattr(other, n)) for n in field_names(type(mine))}
        )
    for name in ("openings", "purpose"):
        if getattr(part, name) is not None:
            changes[name] = _value(getattr(whole, name), getattr(part, name))
    return replace(whole, **changes) if changes else whole


@dataclass(frozen=True)
class Estate:
    """All facts of a stack, joined. `whole` says whether it claims to be a complete tenant."""

    name: str
    facts: tuple[Facts, ...]
    links: dict[str, frozenset[str]] = field(default_factory=dict)
    """What each URN depends on."""
    whole: bool = False
    pending: tuple[str, ...] = ()

    @cached_property
    def by_kind(self) -> dict[Kind, list[Facts]]:
        """The facts by kind."""
        found: dict[Kind, list[Facts]] = defaultdict(list)
        for one in self.facts:
            found[one.kind].append(one)
        return found

    def of(self, *kinds: Kind) -> list[Facts]:
        """The facts of some kinds."""
        return [f for kind in kinds for f in self.by_kind.get(kind, ())]

    @cached_property
    def _by_urn(self) -> dict[str, Facts]:
        return {f.urn: f for f in self.facts}

    @cached_property
    def _by_handle(self) -> dict[str, list[Facts]]:
        found: dict[str, list[Facts]] = defaultdict(list)
        for one in self.facts:
            for handle in one.handles:
                found[handle].append(one)
        return found

    def linked(self, one: Facts, kinds: Iterable[Kind]) -> list[Facts]:
        """What `one` points at, by id or because the engine knows of the dependency."""
        wanted = frozenset(kinds)
        found: dict[str, Facts] = {}
        for ref in one.refs if isinstance(one.refs, tuple) else ():
            for other in self._by_handle.get(ref, ()):
                if other.kind in wanted:
                    found[other.urn] = other
        for urn in self.links.get(one.urn, ()):
            other = self._by_urn.get(urn)
            if other is not None and other.kind in wanted:
                found[urn] = other
        return list(found.values())


def join(
    name: str, pairs: Sequence[tuple[Resource, Facts]], pending: tuple[str, ...] = (), *, whole: bool = False
) -> Estate:
    """Join the parts to their wholes. A part whose whole is elsewhere stands for it, with what it says."""
    handles: dict[Kind, dict[str, int]] = defaultdict(dict)
    wholes: list[Facts] = []
    places: dict[str, int] = {}
    for _, facts in pairs:
        if facts.of_kind is None:
            places[facts.urn] = len(wholes)
            for handle in facts.handles:
                handles[facts.kind].setdefault(handle, len(wholes))
            wholes.append(facts)
    strangers: dict[tuple[Kind, str], int] = {}
    for resource, facts in pairs:
        if facts.of_kind is None:
            continue
        targets = _targets(resource, facts, handles[facts.of_kind], places, wholes)
        if not targets:
            key = (facts.of_kind, facts.of[0] if isinstance(facts.of, tuple) and facts.of else facts.urn)
            if key not in strangers:
                strangers[key] = len(wholes)
                wholes.append(replace(facts, kind=facts.of_kind))
                continue
            targets = {strangers[key]}
        for target in targets:
            wholes[target] = merge(wholes[target], facts)
    return Estate(
        name=name,
        facts=tuple(wholes),
        links={
            r.urn: frozenset(r.dependencies).union(*(r.property_dependencies or {}).values())
            for r, _ in pairs
            if r.dependencies or r.property_dependencies
        },
        whole=whole,
        pending=pending,
    )


def _targets(
    resource: Resource, part: Facts, index: dict[str, int], places: dict[str, int], wholes: list[Facts]
) -> set[int]:
    """Where the wholes are that `part` belongs to."""
    found = {index[h] for h in part.of if h in index} if isinstance(part.of, tuple) else set[int]()
    if not found:
        for urn in (resource.property_dependencies or {}).get(part.of_property, ()):
            place = places.get(urn)
            if place is not None and wholes[place].kind is part.of_kind:
                found.add(place)
    return found
