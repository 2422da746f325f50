"""Where every subnet lies: pure arithmetic on the tenant's own range.

A range is cut into eight blocks, one a role, and each block into four slots, one a zone (where
subnets are regional, the slots of a block serve what a cloud wants in subnets of their own). A
role's block and a zone's slot never depend on what else exists, so that adding a package, a zone
or a role later moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network
from typing import Literal, NamedTuple

Role = Literal[
    "mynumber-app",
    "mynumber-data",
    "lgwan-app",
    "lgwan-data",
    "management",
    "connect",
    "egress",
    "reserve",
]

# The order is the address plan: append nothing, reorder nothing.
ROLES: tuple[Role, ...] = (
    "mynumber-app",
    "mynumber-data",
    "lgwan-app",
    "lgwan-data",
    "management",
    "connect",
    "egress",
    "reserve",
)
SLOTS = 4
BLOCK_BITS = 3
SLOT_BITS = 2

PRIVATE: tuple[IPv4Network, ...] = tuple(
    IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
"""RFC 1918."""

RESERVED: tuple[IPv4Network, ...] = (IPv4Network("172.17.0.0/16"),)
"""Private ranges that software on the servers uses by default: 172.17.0.0/16 is Docker's bridge."""

LARGEST, SMALLEST = 16, 22
"""Prefix lengths of a tenant's range: AWS takes no VPC above /16; below /22 the slots are too small."""


class Overlap(NamedTuple):
    """Two owners of ranges that overlap."""

    first: str
    first_range: IPv4Network
    second: str
    second_range: IPv4Network


def block(space: IPv4Network, role: Role) -> IPv4Network:
    """The part of `space` that belongs to `role`: an eighth of it."""
    return _child(space, BLOCK_BITS, ROLES.index(role))


def slot(space: IPv4Network, role: Role, index: int) -> IPv4Network:
    """The subnet of `role` in slot `index` (0 to 3): a 32nd part of `space`.

    Raises ValueError if `index` is no slot.
    """
    if not 0 <= index < SLOTS:
        raise ValueError(f"slot {index} is not in 0..{SLOTS - 1}")
    return _child(block(space, role), SLOT_BITS, index)


def _child(network: IPv4Network, bits: int, index: int) -> IPv4Network:
    size = network.num_addresses >> bits
    return IPv4Network((int(network.network_address) + index * size, network.prefixlen + bits))


def is_private(network: IPv4Network) -> bool:
    """Whether the range is wholly RFC 1918."""
    return any(network.subnet_of(private) for private in PRIVATE)


def overlaps(owned: Iterable[tuple[str, IPv4Network]]) -> list[Overlap]:
    """Each range that overlaps another owner's, by one sweep over the sorted ranges (n log n).

    Two ranges of one owner may overlap. Prefixes are either nested or disjoint, so a stack of the
    open ranges is enough.
    """
    found: list[Overlap] = []
    open_ranges: list[tuple[str, IPv4Network]] = []
    for owner, network in sorted(owned, key=lambda o: (int(o[1].network_address), o[1].prefixlen, o[0])):
        while open_ranges and not open_ranges[-1][1].overlaps(network):
            open_ranges.pop()
        found.extend(Overlap(other, wider, owner, network) for other, wider in open_ranges if other != owner)
        open_ranges.append((owner, network))
    return found


def summarise(networks: Sequence[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The same addresses in as few prefixes as possible, sorted: what a circuit is told."""
    from ipaddress import collapse_addresses

    return tuple(collapse_addresses(networks))
