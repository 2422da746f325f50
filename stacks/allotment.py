"""Which range each of many stacks is given: pure, deterministic, without a single overlap.

The pool is that of `stacks.drafting`: 10.0.0.0/8 in places of a /20. Each body has two places of its
own there, production and verification, which are what `./jichitai new` proposes too. Who cannot have
its own place is given the next one that nobody has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from stacks.addressing import RESERVED
from stacks.drafting import POOL, PREFIX, places

TOWN_HALLS = IPv4Network("172.16.0.0/12")
TOWN_HALL_PREFIX = 23
"""A /23 for each town hall, of RFC 1918's second block: 1,920 of them outside the reserved ranges."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a stack would like: the pool's place that is its own, and the prefix length of its range."""

    place: int
    prefix: int = PREFIX

    @property
    def size(self) -> int:
        """How many places it takes: a power of two."""
        return 1 << (PREFIX - self.prefix)


def allot(
    claims: Sequence[Claim], allocated: Iterable[IPv4Network], in_use: Iterable[IPv4Network]
) -> tuple[IPv4Network, ...]:
    """A range for each claim, overlapping neither each other nor anything `allocated`.

    The wide ones choose first, then everybody takes their own place, then the rest what is free,
    preferring what is not `in_use` at a town hall. Raises ValueError when there is no room.
    """
    pool = _Pool(allocated, in_use)
    order = sorted(range(len(claims)), key=lambda n: (-claims[n].size, claims[n].place))
    given = {n: place for n in order if (place := pool.own(claims[n])) is not None}
    for number in order:
        if number not in given:
            given[number] = pool.next(claims[number])
    base, shift = int(POOL.network_address), 32 - PREFIX
    return tuple(
        IPv4Network((base + (given[number] << shift), claim.prefix)) for number, claim in enumerate(claims)
    )


class _Pool:
    """The places of the pool and who has them."""

    def __init__(self, allocated: Iterable[IPv4Network], in_use: Iterable[IPv4Network]) -> None:
        self.count = 1 << (PREFIX - POOL.prefixlen)
        self.taken = bytearray(self.count)
        for place in places(allocated):
            self.taken[place] = 1
        self.in_use = places(in_use)

    def own(self, claim: Claim) -> int | None:
        """The claim's own place (for a wide one, the first aligned at or after it), if it can have it."""
        start = -(-claim.place // claim.size) * claim.size % self.count
        return start if self._take(start, claim.size, self.in_use) else None

    def next(self, claim: Claim) -> int:
        """The next place from the claim's own on. Raises ValueError where there is none."""
        starts = [(claim.place + step) % self.count for step in range(self.count)]
        for avoided in (self.in_use, set[int]()):
            for start in starts:
                if self._take(start, claim.size, avoided):
                    return start
        raise ValueError(f"no range of /{claim.prefix} is left in {POOL}")

    def _take(self, start: int, size: int, avoided: set[int]) -> bool:
        end = start + size
        if start % size or any(self.taken[start:end]) or not avoided.isdisjoint(range(start, end)):
            return False
        self.taken[start:end] = b"\1" * size
        return True


def town_hall(number: int) -> IPv4Network:
    """A range for the `number`th body's town hall (from 0) until somebody writes the real one.

    No two are the same. Raises ValueError where there is none.
    """
    base, shift = int(TOWN_HALLS.network_address), 32 - TOWN_HALL_PREFIX
    for reserved in RESERVED:
        if number >= (int(reserved.network_address) - base) >> shift:
            number += reserved.num_addresses >> shift
    found = IPv4Network((base + (number << shift), TOWN_HALL_PREFIX))
    if not found.subnet_of(TOWN_HALLS):
        raise ValueError(f"no range is left in {TOWN_HALLS}")
    return found
