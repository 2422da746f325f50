"""Where every host lies on a cloud that hands out no addresses (さくら: a switch is layer 2, no more).

Pure arithmetic on a network's subnets. The two zones' slots of a role are one range, because a segment is one
layer-2 network: its zones' switches are bridged to each other, and to nothing else. In each slot (a 32nd part
of the network) the first eight addresses are the cloud's own machines, then every package has a block of
eight, in the order of the manifest: a package that is added at its end moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from stacks import addressing
from stacks.addressing import Role

ZONES = 2
"""Zones that share a segment: no region of さくら has more inside the ISMAP scope."""
BLOCK = 8
"""Addresses of a package in one zone and role, and of the cloud's own machines."""
VIRTUAL = 0
"""In an application block of the first zone: the virtual address of the package's entrance."""
FIRST_SERVER, SERVERS = 1, BLOCK - 1
"""In an application block: where servers begin, and how many there can be in a zone."""
DATABASE, FILES, REPLICA = 0, 1, 2
"""In a data block of the first zone: the database, the shared files, the database's replica."""

# The cloud's own machines, counted from the start of the first zone's slot.
ROUTER, ROUTER_PAIR = 1, (2, 3)
BALANCER_PAIR = (4, 5)
GATEWAY = 4
LOCAL_ROUTER, LOCAL_ROUTER_PAIR = 4, (5, 6)
TOWN_HALL_ROUTER = 7
NAME_SERVERS = (8, 9)
"""In `connect`, which has no packages: after the routers."""
PROXY = 4


def segment(network: IPv4Network, role: Role) -> IPv4Network:
    """The range of `role`'s layer-2 network: the slots of both zones."""
    return addressing.slot(network, role, 0).supernet(prefixlen_diff=ZONES.bit_length() - 1)


def own(network: IPv4Network, role: Role, number: int) -> IPv4Address:
    """One of the cloud's own machines in `role`."""
    return addressing.slot(network, role, 0)[number]


def host(network: IPv4Network, role: Role, slot: int, package: int, number: int) -> IPv4Address:
    """Host `number` of the `package`th package in `role` and `slot`. ValueError outside its block or slot."""
    if not 0 <= number < BLOCK or not 0 <= package < capacity(network):
        raise ValueError(f"host {number} of package {package} does not fit into {role} of {network}")
    return addressing.slot(network, role, slot)[BLOCK * (package + 1) + number]


def capacity(network: IPv4Network) -> int:
    """How many packages have room in a network."""
    return addressing.slot(network, "reserve", 0).num_addresses // BLOCK - 1


def most_in_a_zone(replicas: Sequence[int], zones: int) -> int:
    """The most servers that a package has in a zone, its workloads' `replicas` being spread over `zones`."""
    return sum(-(-count // zones) for count in replicas)
