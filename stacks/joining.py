"""Private lines between two clouds of one tenant: what each side plans of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from stacks.addressing import block, summarise
from stacks.manifest import Join
from stacks.plan import CircuitPlan, CloudPlan, Flow, JoinPlan, NetworkPlan, Peer
from stacks.registry.clouds import CloudName

FIRST_NUMBER = 4
"""Of a line among a cloud's circuits: a manifest has four circuits to the town hall at most."""
INTERCONNECT: tuple[CloudName, CloudName] = ("azure", "oci")
"""The clouds that Oracle Interconnect for Azure joins: who orders the line, and who takes it."""
HTTPS = 443


def clouds_of(join: Join) -> tuple[CloudName, ...]:
    """The clouds that `join` joins."""
    return INTERCONNECT if join.provider == "oracle-azure" else tuple(join.ends)


def joined(joins: Mapping[str, Join], clouds: Mapping[CloudName, CloudPlan]) -> dict[CloudName, CloudPlan]:
    """The plans of all clouds with the lines between them, and the calls that these allow."""
    found = dict(clouds)
    for number, (key, join) in enumerate(joins.items(), FIRST_NUMBER):
        first, second = clouds_of(join)
        ways: tuple[tuple[CloudName, CloudName], ...] = ((first, second), (second, first))
        for mine, other in ways:
            found[mine] = _with_line(found[mine], key, join, clouds[other], number)
    return found


def _with_line(mine: CloudPlan, key: str, join: Join, other: CloudPlan, number: int) -> CloudPlan:
    """`mine` with its end of the line to `other`."""
    end = join.ends.get(mine.cloud)
    circuit = None
    if end is not None:
        circuit = CircuitPlan(key, end.location, end.id, end.bandwidth_mbps, end.vlan, end.asn)
    line = JoinPlan(
        key=key,
        provider=join.provider,
        other=other.cloud,
        bandwidth_mbps=circuit.bandwidth_mbps if circuit else join.bandwidth_mbps,
        circuit=circuit,
        ranges=summarise([network.cidr for network in other.networks.values()]),
        number=number,
    )
    waits = (key,) if circuit is not None and circuit.id is None else ()
    (network,) = mine.networks.values()
    (theirs,) = other.networks.values()
    calls = tuple(_calls(join, key, mine, network, other, theirs))
    return replace(
        mine,
        joins=MappingProxyType({**mine.joins, key: line}),
        lgwan=replace(mine.lgwan, awaiting=(*mine.lgwan.awaiting, *waits)),
        networks=MappingProxyType({network.key: replace(network, flows=(*network.flows, *calls))}),
    )


def _calls(
    join: Join, key: str, mine: CloudPlan, network: NetworkPlan, other: CloudPlan, theirs: NetworkPlan
) -> Iterator[Flow]:
    """What the line lets through, as the allow list of `mine` says it."""
    for caller, called in join.allow.items():
        for target in called:
            why = f"{caller} calls {target} over {key}"
            if caller in mine.packages and target in other.packages:
                there = _subnets(theirs, f"{target}-entry", f"join-{key}-{target}")
                yield Flow(_group(network, f"{caller}-app"), there, "tcp", HTTPS, why)
            elif caller in other.packages and target in mine.packages:
                there = _subnets(theirs, f"{caller}-app", f"join-{key}-{caller}")
                yield Flow(there, _group(network, f"{target}-entry"), "tcp", HTTPS, why)


def _group(network: NetworkPlan, key: str) -> Peer:
    role = network.groups[key].role
    return Peer("group", key, tuple(subnet.cidr for subnet in network.of_role(role)))


def _subnets(network: NetworkPlan, group: str, key: str) -> Peer:
    """The block that `group` lies in, whole: where in it, the other cloud decides."""
    role = network.groups[group].role
    return Peer("ranges", key, (block(network.cidr, role),))
